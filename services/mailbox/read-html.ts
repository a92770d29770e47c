import { Parser } from 'htmlparser2';

/** A larger tag soup could keep the parser busy for long; no mail with a link or code is that large. */
const longestHtml = 128 * 1024;

const unseen = new Set(['script', 'style', 'title', 'noscript', 'template', 'textarea', 'select']);
const inline = new Set([
  'a',
  'abbr',
  'b',
  'bdi',
  'bdo',
  'big',
  'cite',
  'code',
  'del',
  'em',
  'font',
  'i',
  'img',
  'ins',
  'kbd',
  'label',
  'mark',
  'q',
  's',
  'samp',
  'small',
  'span',
  'strike',
  'strong',
  'sub',
  'sup',
  'tt',
  'u',
  'var',
  'wbr',
]);

/**
 * What a mail's HTML leads to and says: the targets of its links, decoded once as an attribute is (`&amp;` becomes `&`,
 * `&copy=1` stays), and its visible text with a line break wherever a block begins or ends.
 */
export function readHtml(html: string): { hrefs: string[]; text: string } {
  const hrefs: string[] = [];
  const text: string[] = [];
  let hidden = 0;
  const parser = new Parser({
    onopentag(name, attributes) {
      if (unseen.has(name)) hidden += 1;
      if (!inline.has(name)) text.push('\n');
      if ((name === 'a' || name === 'area') && attributes.href !== undefined) hrefs.push(attributes.href.trim());
    },
    ontext(part) {
      if (hidden === 0) text.push(part.replace(/\s+/g, ' '));
    },
    onclosetag(name) {
      if (unseen.has(name)) hidden -= 1;
      if (!inline.has(name)) text.push('\n');
    },
  });
  parser.end(html.slice(0, longestHtml));
  return { hrefs, text: text.join('') };
}
