import { SaxesParser, type SaxesTagNS } from 'saxes';
import { FeedRefused } from './errors.ts';

/** What a directory needs to know of a feed. */
export interface Feed {
  title: string;
  ownerEmail: string;
  imageUrl: string;
}

const itunes = 'http://www.itunes.com/dtds/podcast-1.0.dtd';
/** The parser looks for a namespace through all open elements: without a bound, nesting alone keeps it busy for hours. */
const deepest = 50;
/** By Apple's rules (A Podcaster's Guide to RSS), in characters. */
const longestTitle = 255;
const longestEmail = 254;
const longestAddress = 2_000;

const titleAt = 'rss/channel/title';
const emailAt = 'rss/channel/itunes:owner/itunes:email';
const imageAt = 'rss/channel/itunes:image';
const enclosureAt = 'rss/channel/item/enclosure';

/** An element's name whatever its prefix; those of other namespaces are like none that is looked for. */
function nameOf({ uri, local }: SaxesTagNS): string {
  if (uri === '') return local;
  return uri === itunes ? `itunes:${local}` : '*';
}

const valueOf = ({ attributes }: SaxesTagNS, name: string): string => attributes[name]?.value.trim() ?? '';

/** An element's text, with line breaks and indentation as single spaces. */
const wordsOf = (text: string | undefined): string => (text ?? '').replace(/\s+/g, ' ').trim();

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new FeedRefused('the feed is not UTF-8');
  }
}

function checkEncoding(declared = 'utf-8'): void {
  if (!/^(utf-8|us-ascii)$/i.test(declared))
    throw new FeedRefused('the feed says that it is in another encoding than UTF-8');
}

function checkRoot(tag: SaxesTagNS): void {
  if (nameOf(tag) !== 'rss' || valueOf(tag, 'version') !== '2.0') throw new FeedRefused('the feed is not RSS 2.0');
}

function checkEnclosure(tag: SaxesTagNS): void {
  const missing = ['url', 'length', 'type'].filter((name) => valueOf(tag, name) === '');
  if (missing.length > 0) throw new FeedRefused(`an enclosure of the feed has no ${missing.join(' and no ')}`);
}

/** Reads the relevant parts of a document: of several elements at one place the first. */
function parse(xml: string) {
  const parser = new SaxesParser({ xmlns: true });
  const texts = new Map<string, string>();
  const path: string[] = [];
  let imageUrl = '';
  let reading: string | undefined;
  const add = (text: string) => {
    if (reading !== undefined) texts.set(reading, (texts.get(reading) ?? '') + text);
  };

  parser.on('xmldecl', ({ encoding }) => checkEncoding(encoding));
  parser.on('opentag', (tag) => {
    if (path.length === 0) checkRoot(tag);
    if (path.length === deepest) throw new FeedRefused(`the feed nests more than ${deepest} elements`);
    path.push(nameOf(tag));
    const at = path.join('/');
    if (at === enclosureAt) checkEnclosure(tag);
    if (at === imageAt) imageUrl ||= valueOf(tag, 'href');
    if ((at === titleAt || at === emailAt) && !texts.has(at)) {
      reading = at;
      texts.set(at, '');
    }
  });
  parser.on('closetag', () => {
    if (path.join('/') === reading) reading = undefined;
    path.pop();
  });
  parser.on('text', add);
  parser.on('cdata', add);

  try {
    parser.write(xml).close();
  } catch (error) {
    if (error instanceof FeedRefused) throw error;
    // The text after a colon is the feed's own: of any length, and not for reports.
    const [reason = ''] = (error as Error).message.replace(/^\d+:\d+: /, '').split(': ');
    throw new FeedRefused(
      `the feed is not well-formed XML: ${reason.replace(/\.$/, '')}, found in line ${parser.line}`,
    );
  }
  return { title: wordsOf(texts.get(titleAt)), ownerEmail: wordsOf(texts.get(emailAt)), imageUrl };
}

/**
 * Reads an RSS 2.0 feed with Apple's podcast tags, strictly, as directories do; it need not have an episode yet. A DTD is
 * passed over, so that its entities are unknown ones: nothing is expanded, nothing is fetched.
 *
 * @throws FeedRefused
 */
export function readFeed(bytes: Uint8Array): Feed {
  const feed = parse(decode(bytes));
  if (feed.title === '') throw new FeedRefused('the feed has no channel with a title');
  if (feed.title.length > longestTitle)
    throw new FeedRefused(`the feed's title is longer than ${longestTitle} characters`);
  if (feed.ownerEmail.length > longestEmail || !/^[^\s@]+@[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+$/u.test(feed.ownerEmail)) {
    throw new FeedRefused('the feed has no itunes:owner with an itunes:email that is an address');
  }
  if (feed.imageUrl === '') throw new FeedRefused('the feed has no itunes:image with an href');
  if (feed.imageUrl.length > longestAddress)
    throw new FeedRefused(`the href of the feed's itunes:image is longer than ${longestAddress} characters`);
  return feed;
}
