import type { MailRequest } from '../../contracts/mail.ts';
import { readHtml } from './read-html.ts';

/** A mail's readable parts. */
export interface MailText {
  subject: string;
  text: string;
  html: string;
}

// RFC 3986's characters, up to Markdown's `](`; `<…>` around an address (appendix C) delimits it exactly.
const address = /(<)?(https?:\/\/(?:(?!\]\()[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%])+)(>)?/gi;
const pairs: Record<string, string> = { ')': '(', ']': '[' };

function stripPunctuation(url: string): string {
  let end = url.length;
  // Brackets are counted once and then downwards, so that a long row of them costs no more than its length.
  const surplus = new Map(
    Object.entries(pairs).map(([close, open]) => [close, url.split(close).length - url.split(open).length]),
  );
  for (; end > 0; end -= 1) {
    const last = url.charAt(end - 1);
    const extra = surplus.get(last);
    if (extra === undefined ? !`.,;:!?'*`.includes(last) : extra <= 0) break;
    if (extra !== undefined) surplus.set(last, extra - 1);
  }
  return url.slice(0, end);
}

function addressesIn(text: string): string[] {
  return Array.from(text.matchAll(address), ([, open, url = '', close]) =>
    open && close ? url : stripPunctuation(url),
  );
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function isWanted(url: string, request: MailRequest): boolean {
  // A browser drops tabs and line breaks inside an address, so one that has any leads elsewhere than it seems.
  if (!/^https?:\/\/\S+$/i.test(url) || !URL.canParse(url)) return false;
  const { host, username, password, pathname, search, searchParams } = new URL(url);
  if (username !== '' || password !== '') return false;
  if (!request.linkHosts?.some((allowed) => allowed.toLowerCase() === host)) return false;
  if (!Object.entries(request.linkQuery ?? {}).every(([name, value]) => searchParams.get(name) === value)) return false;
  const path = pathname + search;
  return request.linkPath === undefined || path.includes(request.linkPath) || decode(path).includes(request.linkPath);
}

/**
 * The one link of a mail that leads where the request says, verbatim. The HTML part's links come first, since a text
 * part may be a shortened copy. Undefined when there are two different ones.
 */
export function findLink(mail: MailText, request: MailRequest): string | undefined {
  const { hrefs, text } = readHtml(mail.html);
  for (const urls of [hrefs, addressesIn(mail.text), addressesIn(text)]) {
    const wanted = new Set(urls.filter((url) => isWanted(url, request)));
    if (wanted.size > 0) return wanted.size === 1 ? [...wanted][0] : undefined;
  }
  return undefined;
}
