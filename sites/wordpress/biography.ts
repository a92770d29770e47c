import type { Profile } from '../kit/recipe.ts';

const escape = (text: string) =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
/** The form shows the entities of what was saved as the characters that they are. */
export const unescape = (html: string) =>
  html
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&');
export const fold = (text: string) => text.replace(/\s+/g, ' ').trim();

/** A line of the biography that is one link and nothing else. */
function writeLink(link: string): string {
  const url = escape(new URL(link).href);
  return `<a href="${url}">${url}</a>`;
}

/** Where the links in a biography lead, as the form shows it. */
export const findLinks = (shown: string) =>
  Array.from(shown.matchAll(/<a\s[^>]*?href=(["'])(.*?)\1/gi), ([, , url = '']) => url);

/** The biography, as it is to be saved again, in two parts: what people read, and the links below it, one a line. */
function splitBiography(shown: string): { text: string; links: string[] } {
  const lines = shown.replace(/&/g, '&amp;').trim().split('\n');
  const end = lines.findLastIndex((line) => line.trim() !== '' && !/^<a href="(\S+)">\1<\/a>$/.test(line.trim())) + 1;
  return {
    text: lines.slice(0, end).join('\n').trim(),
    links: lines
      .slice(end)
      .map((line) => line.trim())
      .filter(Boolean),
  };
}

const joinBiography = (text: string, links: string[]) => [text, links.join('\n')].filter(Boolean).join('\n\n');

/** The biography with this profile; what the profile leaves empty stays as it is. */
export function furnishBiography(shown: string, { about, location, links }: Profile): string {
  const there = splitBiography(shown);
  const introduction = [about, escape(fold(location))].filter(Boolean).join('\n\n');
  return joinBiography(introduction || there.text, links.length > 0 ? links.map(writeLink) : there.links);
}

/** The biography with these links below it beside those that are there. */
export function addToBiography(shown: string, links: string[]): string {
  const there = splitBiography(shown);
  const known = findLinks(shown);
  return joinBiography(there.text, [
    ...there.links,
    ...links.filter((link) => !known.includes(new URL(link).href)).map(writeLink),
  ]);
}
