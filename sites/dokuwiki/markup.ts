import type { Profile } from '../kit/recipe.ts';
import { isWebAddress } from '../kit/web-address.ts';

/** Text that stays text, whatever it holds: no link, list, smiley or macro comes of it. */
function quote(text: string): string {
  const inside = text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/<\/nowiki>/gi, '</nowiki>%%$&%%<nowiki>');
  return `<nowiki>${inside}</nowiki>`;
}

/** A link to an address, without what would end the address or begin a title. */
const writeLink = (link: string) => `[[${new URL(link).href.replace(/\||\](?=\])/g, encodeURIComponent)}]]`;

function writeIntroduction(name: string, { about, location, website }: Profile): string {
  const paragraphs = about.split(/\n{2,}/).map((paragraph) =>
    paragraph
      .split('\n')
      .filter((line) => line.trim())
      .map(quote)
      .join('\\\\\n'),
  );
  const facts = [location && quote(location), website && (isWebAddress(website) ? writeLink(website) : quote(website))];
  const list = facts.filter(Boolean).map((fact) => `  * ${fact}`);
  return [name && `====== ${name} ======`, ...paragraphs, list.join('\n')].filter(Boolean).join('\n\n');
}

const writeItems = (links: string[]) => links.map((link) => `  * ${writeLink(link)}`);

/** The section with the links: its heading, and the list right below it. */
const section = /^===== Links =====\n+(?: {2,}\*.*(?:\n|$))*/m;

/** A page in parts: what stands before the links, their list's lines, and what stands behind it. */
function readPage(text: string): { before: string; items: string[]; behind: string } {
  const found = section.exec(text);
  if (!found) return { before: text, items: [], behind: '' };
  const items = found[0].split('\n').filter((line) => line.startsWith('  '));
  return { before: text.slice(0, found.index), items, behind: text.slice(found.index + found[0].length) };
}

function writePage(before: string, items: string[], behind: string): string {
  const list = items.length > 0 ? `===== Links =====\n\n${items.join('\n')}` : '';
  // Blanks at the beginning of a line have a meaning.
  return [before, list, behind]
    .map((part) => part.trimEnd().replace(/^\n+/, ''))
    .filter(Boolean)
    .join('\n\n');
}

/** The user's page with this profile; what the profile leaves empty, and what stands behind the links, stays as it is. */
export function furnishPage(current: string, name: string, profile: Profile): string {
  const { before, items, behind } = readPage(current);
  const own = writeItems(profile.links);
  return writePage(writeIntroduction(name, profile) || before, own.length > 0 ? own : items, behind);
}

/** The user's page with these links beside those that are there. */
export function addToPage(current: string, links: string[]): string {
  const { before, items, behind } = readPage(current);
  return writePage(before, [...new Set([...items, ...writeItems(links)])], behind);
}
