import escapeStringRegexp from 'escape-string-regexp';

/** Shorter ones are left, since replacing them would break up ordinary words. */
export const shortestSecret = 4;

function writeForms(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const html = secret.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
  const bytes = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams([['', secret]]).toString().slice(1),
    json,
    html,
    html.replace(/'/g, '&#39;'),
    // YAML's single quotes, as the outline of a page writes them.
    secret.replace(/'/g, "''"),
    bytes.toString('base64'),
    bytes.toString('base64url'),
  ];
}

/**
 * Makes a function that puts a mask in the place of every secret, in the forms in which pages, addresses and errors
 * write one, and without its spaces too: app passwords are shown in groups.
 */
export function makeRedactor(secrets: string[], mask = '[secret]'): (text: string) => string {
  const hidden = secrets
    .flatMap((secret) => [secret, secret.replaceAll(' ', '')])
    .filter((secret) => secret.length >= shortestSecret);
  const forms = [...new Set(hidden.flatMap(writeForms))];
  if (forms.length === 0) return (text) => text;
  forms.sort((a, b) => b.length - a.length);
  const pattern = new RegExp(forms.map(escapeStringRegexp).join('|'), 'g');
  return (text) => text.replace(pattern, mask);
}
