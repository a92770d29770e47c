const shortest = 4;

function writeForms(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const html = secret.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
  const base64 = Buffer.from(secret).toString('base64');
  return [secret, encodeURIComponent(secret), encodeURIComponent(secret).replace(/%20/g, '+'), json, html, base64];
}

/**
 * Makes a function that puts `[secret]` in the place of every secret, in the forms in which pages, addresses and
 * errors write one. Secrets of under 4 characters are left: they would tear ordinary words apart.
 */
export function makeRedactor(secrets: string[]): (text: string) => string {
  const forms = [...new Set(secrets.filter((secret) => secret.length >= shortest).flatMap(writeForms))];
  if (forms.length === 0) return (text) => text;
  forms.sort((a, b) => b.length - a.length);
  const pattern = new RegExp(forms.map((form) => form.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'g');
  return (text) => text.replace(pattern, '[secret]');
}
