import type { Profile } from '../kit/recipe.ts';
import { isWebAddress } from '../kit/web-address.ts';

/** Text that stays text, whatever it holds: no template, link, list or signature comes of it. */
function quote(text: string): string {
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return `<nowiki>${escaped.replace(/\s+/g, ' ').trim()}</nowiki>`;
}

/**
 * A bare address that the wiki reads as one link and as nothing else. What would be markup (brackets, quotes, `~~~~`,
 * `__TOC__`, entities), or an end that the wiki takes for the sentence's, is written as an entity, which it reads back
 * before it makes the link.
 */
function writeUrl(link: string): string {
  const markup = /[[\]{}|<>"\\^`]|_(?=_)|~(?=~)|'(?=')|&(?=#?\w+;)|[,;.:!?)](?=[,;.:!?)]*$)/g;
  return new URL(link).href.replace(markup, (character) => `&#${character.charCodeAt(0)};`);
}

function writeIntroduction({ firstName, lastName, about, location, website }: Profile): string {
  const name = `${firstName} ${lastName}`.trim();
  const paragraphs = about.split(/\n{2,}/).map((paragraph) =>
    paragraph
      .split('\n')
      .filter((line) => line.trim())
      .map(quote)
      .join('<br />\n'),
  );
  const facts = [location && quote(location), website && (isWebAddress(website) ? writeUrl(website) : quote(website))];
  return [
    name && `'''${quote(name)}'''`,
    ...paragraphs,
    facts
      .filter(Boolean)
      .map((fact) => `* ${fact}`)
      .join('\n'),
  ]
    .filter(Boolean)
    .join('\n\n');
}

const writeItems = (links: string[]) => links.map((link) => `* ${writeUrl(link)}`);

/** The section with the links: its heading, and the list right below it. */
const section = /^== Links ==\n(?:\*.*(?:\n|$))*/m;

/** A user page in parts: what stands before the links, their list's lines, and what stands behind it. */
function readPage(text: string): { before: string; items: string[]; behind: string } {
  const found = section.exec(text);
  if (!found) return { before: text, items: [], behind: '' };
  const [, ...items] = found[0].trim().split('\n');
  return { before: text.slice(0, found.index), items, behind: text.slice(found.index + found[0].length) };
}

function writePage(before: string, items: string[], behind: string): string {
  const list = items.length > 0 ? ['== Links ==', ...items].join('\n') : '';
  // The form in which the wiki keeps text, so that the next run finds it unchanged.
  return [before, list, behind]
    .map((part) => part.trim())
    .filter(Boolean)
    .join('\n\n')
    .normalize('NFC');
}

/** The user page with this profile; what the profile leaves empty, and what stands behind the links, stays as it is. */
export function furnishPage(current: string, profile: Profile): string {
  const { before, items, behind } = readPage(current);
  const own = writeItems(profile.links);
  return writePage(writeIntroduction(profile) || before, own.length > 0 ? own : items, behind);
}

/** The user page with these links beside those that are there. */
export function addToPage(current: string, links: string[]): string {
  const { before, items, behind } = readPage(current);
  return writePage(before, [...new Set([...items, ...writeItems(links)])], behind);
}
