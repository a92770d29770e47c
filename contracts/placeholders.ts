const sampleWords = ['example-social.com', 'socuser01', 'yourdomain'];
const anywhereFields = /^(email|username|link_.*)$/;

/**
 * Names the first field of a `complete` body that still holds a sample value, by the rule of
 * docs/api-contract.md#placeholders: sample words anywhere in any field; `<…>` anywhere in e-mail, user name and links,
 * and only as the whole value elsewhere, since a real password may hold `<` and `>`.
 */
export function findPlaceholder(body: Record<string, unknown>): string | undefined {
  for (const [field, value] of Object.entries(body)) {
    if (typeof value !== 'string') continue;
    const text = value.toLowerCase();
    if (sampleWords.some((word) => text.includes(word))) return field;
    const sample = anywhereFields.test(field) ? /<[^>]*>/ : /^\s*<[^>]*>\s*$/;
    if (sample.test(value)) return field;
  }
  return undefined;
}
