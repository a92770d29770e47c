import { isWebAddress } from './kit/web-address.ts';

export const escape = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
/** The form shows the entities of what was saved as the characters that they are. */
export const unescape = (html: string) => html.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&amp;/g, '&');
export const fold = (text: string) => text.replace(/\s+/g, ' ').trim();

/** A line of the biography that is one link and nothing else; undefined for what is no address of the web. */
export function writeLink(link: string): string | undefined {
  if (!isWebAddress(link)) return undefined;
  const url = escape(new URL(link).href);
  return `<a href="${url}">${url}</a>`;
}

export const findLinks = (shown: string) => Array.from(shown.matchAll(/<a\s[^>]*?href=(["'])(.*?)\1/gi), ([, , url]) => url!);

/** The biography, as it is to be saved again, in two parts: what people read, and the links below it, one a line. */
export function splitBiography(shown: string): { text: string; links: string[] } {
  const lines = shown.replace(/&/g, '&amp;').trim().split('\n');
  const end = lines.findLastIndex((line) => line.trim() !== '' && !/^<a href="(\S+)">\1<\/a>$/.test(line.trim())) + 1;
  return { text: lines.slice(0, end).join('\n').trim(), links: lines.slice(end).map((line) => line.trim()).filter(Boolean) };
}

export const joinBiography = (text: string, links: string[]) => [text, links.join('\n')].filter(Boolean).join('\n\n');
