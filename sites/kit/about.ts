import { Parser } from 'htmlparser2';
import sanitizeHtml from 'sanitize-html';

export interface AboutRules {
  /** The tags that the site keeps, and the attributes by tag (`*` for all). */
  tags: string[];
  attributes: Record<string, string[]>;
  /** In Unicode code points of the HTML itself, entities written out. */
  maxLength?: number;
}

const blocks = [
  'address',
  'article',
  'aside',
  'blockquote',
  'div',
  'dd',
  'dl',
  'dt',
  'figure',
  'footer',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'header',
  'li',
  'main',
  'nav',
  'ol',
  'p',
  'pre',
  'section',
  'table',
  'tr',
  'ul',
];
const paragraphs = new Set([
  'blockquote',
  'dl',
  'figure',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'ol',
  'p',
  'pre',
  'table',
  'ul',
]);
const unread = new Set(['script', 'style', 'title', 'noscript', 'template', 'textarea', 'select', 'option']);
const readableLink = /^(?:https?:\/\/|mailto:)/i;

/** A tag, an entity or one character. */
const pieces = /<[^>]*>|&(?:#?\w+);|[^]/gu;
const count = (text: string): number => [...text].length;

/** Cuts well-formed HTML, as sanitize-html writes it, to a length: at a word's end where there is one, its tags closed. */
function cutHtml(html: string, maxLength: number): string {
  if (count(html) <= maxLength) return html;
  const open: { at: number; close: string }[] = [];
  const kept: string[] = [];
  let length = 0;
  let closing = 0;
  let inWord = false;
  for (const [piece] of html.matchAll(pieces)) {
    const name = /^<([a-z][\w-]*)/i.exec(piece)?.[1];
    if (piece.startsWith('</')) {
      closing -= open.pop()?.close.length ?? 0;
    } else if (name !== undefined && !piece.endsWith('/>')) {
      const close = `</${name}>`;
      if (length + count(piece) + close.length + closing > maxLength) break;
      open.push({ at: kept.length, close });
      closing += close.length;
    } else if (length + count(piece) + closing > maxLength) {
      inWord = name === undefined && !/^\s/.test(piece);
      break;
    }
    kept.push(piece);
    length += count(piece);
  }
  if (inWord) dropHalfWord(kept);
  // What was opened only to hold text that no longer fits is left out.
  for (let last = open.at(-1); last; last = open.at(-1)) {
    if (!kept.slice(last.at + 1).every((piece) => /^\s$/.test(piece))) break;
    kept.length = Math.min(kept.length, last.at);
    open.pop();
  }
  return (
    kept.join('').trimEnd() +
    open
      .map(({ close }) => close)
      .reverse()
      .join('')
  );
}

/** Drops the last letters up to white space or a tag, unless that is where the text begins: a word longer than all is cut. */
function dropHalfWord(kept: string[]): void {
  const border = kept.findLastIndex((piece) => /^(?:\s|<)/.test(piece));
  const textBefore = kept.slice(0, border + 1).some((piece) => !/^(?:\s|<)/.test(piece));
  if (textBefore) kept.length = border + 1;
}

/**
 * The part of a text's HTML that a site takes: its tags and attributes, links by http, https and mailto, and no more than
 * its length.
 */
export function sanitiseAbout(html: string, { tags, attributes, maxLength = Infinity }: AboutRules): string {
  // A block that the site doesn't know still ends a line.
  const lineBreak = tags.includes('br') ? '<br>' : '\n';
  const unknown = blocks.filter((name) => !tags.includes(name)).join('|');
  const border = new RegExp(`(?:</?(?:${unknown})(?:\\s[^<>]*)?>\\s*)+`, 'gi');
  let text = html.trim();
  const end = text.length;
  if (unknown !== '')
    text = text.replace(border, (tagsThere, at: number) =>
      at === 0 || at + tagsThere.length === end ? tagsThere : tagsThere + lineBreak,
    );
  if (!tags.includes('br')) text = text.replace(/<br(?:[\s/][^<>]*)?>/gi, '\n');
  const options = {
    allowedTags: tags,
    allowedAttributes: attributes,
    allowedSchemes: ['http', 'https', 'mailto'],
    allowProtocolRelative: false,
  };
  // Once more: without a tag that was dropped between two others, the outer one may end where the inner one begins.
  const clean = sanitizeHtml(sanitizeHtml(text, options), options).trim();
  return cutHtml(clean, maxLength);
}

/** Collects text the way a page shows it: white space folded, at most one empty line. */
class PlainText {
  /** None of them is empty, only the last one may end in a space. */
  readonly #parts: string[] = [];
  #breaks = 0;
  #marker = '';

  write(part: string): void {
    const folded = part.replace(/\s+/g, ' ');
    const last = this.#parts.at(-1);
    const afterSpace = last === undefined || this.#breaks > 0 || last.endsWith(' ');
    const text = afterSpace ? folded.replace(/^ /, '') : folded;
    if (text === '') return;
    if (this.#breaks > 0 && last !== undefined)
      this.#parts[this.#parts.length - 1] = last.trimEnd() + '\n'.repeat(this.#breaks);
    this.#parts.push(this.#marker + text);
    this.#breaks = 0;
    this.#marker = '';
  }

  break(lines: 1 | 2): void {
    // A block that begins an item stands beside the item's marker.
    if (this.#marker === '') this.#breaks = Math.max(this.#breaks, lines);
  }

  /** `<br>`: two of them make an empty line, more make no more. */
  lineBreak(): void {
    this.#breaks = Math.min(2, this.#breaks + 1);
  }

  beginItem(marker: string): void {
    this.break(1);
    this.#marker = marker;
  }

  /** An item without text leaves nothing. */
  endItem(): void {
    this.#marker = '';
  }

  /** What was written since `length` had the value `mark`. */
  since(mark: number): string {
    return this.#parts.slice(mark).join('').trim();
  }

  get length(): number {
    return this.#parts.length;
  }

  toString(): string {
    return this.#parts.join('').trim();
  }
}

/** Cuts text to a number of code points, at a word's end where there is one. */
function cutText(text: string, maxLength: number): string {
  const characters = [...text];
  if (characters.length <= maxLength) return text;
  const cut = characters.slice(0, maxLength).join('');
  if (/^\s/.test(characters[maxLength] ?? '')) return cut.trimEnd();
  const whole = /^[^]*\s(?=\S*$)/.exec(cut)?.[0].trimEnd();
  return whole || cut;
}

/**
 * The readable text of a text's HTML: paragraphs and lines kept apart, list items marked, a link as `text (url)`.
 *
 * @param maxLength in Unicode code points
 */
export function plainAbout(html: string, maxLength = Infinity): string {
  const text = new PlainText();
  const lists: { next?: number }[] = [];
  const links: { href: string; at: number }[] = [];
  let hidden = 0;
  // A list within a list needs no empty lines around it.
  const spaceAround = (name: string) => (paragraphs.has(name) && lists.length === 0 ? 2 : 1);
  const parser = new Parser({
    onopentag(name, attributes) {
      if (unread.has(name)) hidden += 1;
      if (hidden > 0) return;
      if (name === 'br') text.lineBreak();
      else if (blocks.includes(name)) text.break(spaceAround(name));
      if (name === 'ul') lists.push({});
      if (name === 'ol') lists.push({ next: 1 });
      if (name === 'li') {
        const list = lists.at(-1);
        text.beginItem(
          '  '.repeat(Math.max(0, lists.length - 1)) + (list?.next === undefined ? '- ' : `${list.next++}. `),
        );
      }
      if (name === 'a') links.push({ href: attributes.href?.trim() ?? '', at: text.length });
      if (name === 'img' && attributes.alt) text.write(attributes.alt);
    },
    ontext(part) {
      if (hidden === 0) text.write(part);
    },
    onclosetag(name) {
      if (unread.has(name)) hidden -= 1;
      if (hidden > 0) return;
      if (name === 'ul' || name === 'ol') lists.pop();
      if (name === 'li') text.endItem();
      if (blocks.includes(name)) text.break(spaceAround(name));
      if (name === 'a') {
        const link = links.pop();
        if (!link || !readableLink.test(link.href)) return;
        const shown = text.since(link.at);
        const target = link.href.replace(/^mailto:/i, '');
        if (shown === '') text.write(target);
        else if (shown !== target && shown !== target.replace(/^https?:\/\//i, '').replace(/\/$/, ''))
          text.write(` (${target})`);
      }
    },
  });
  parser.end(html);
  return cutText(text.toString(), maxLength);
}
