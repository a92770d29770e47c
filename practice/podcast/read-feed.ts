import { DomUtils, parseDocument } from 'htmlparser2';
import { SaxesParser } from 'saxes';

/** Why a feed can't be imported, as the end of "This is not a valid feed: …". */
export class FeedProblem extends Error {}

/** What a directory takes from a feed. */
export interface Feed {
  title: string;
  description: string;
  author: string;
  ownerEmail: string;
  imageUrl: string;
  /** Of all items that have one, in the feed's order. */
  enclosureUrls: string[];
}

const itunes = 'http://www.itunes.com/dtds/podcast-1.0.dtd';

type Element = ReturnType<typeof DomUtils.getElementsByTagName>[number];
const children = (parent: Element | undefined, name: string) =>
  parent ? DomUtils.getElementsByTagName(name, parent.children, false) : [];
const child = (parent: Element | undefined, name: string) => children(parent, name)[0];
const words = (element: Element | undefined) => (element ? DomUtils.textContent(element).trim() : '');

/** Whether the document is XML at all, which htmlparser2 would not tell: it forgives everything. */
export function isWellFormed(xml: string): boolean {
  try {
    new SaxesParser().write(xml).close();
    return true;
  } catch {
    return false;
  }
}

/** Reads an RSS 2.0 feed with Apple's podcast tags, whose prefix must be `itunes`. @throws FeedProblem */
export function readFeed(xml: string): Feed {
  if (!isWellFormed(xml)) throw new FeedProblem('it is no well-formed XML.');
  const rss = DomUtils.getElementsByTagName('rss', parseDocument(xml, { xmlMode: true }).children, false)[0];
  if (rss?.attribs.version !== '2.0') throw new FeedProblem('it is no RSS 2.0.');
  if (rss.attribs['xmlns:itunes'] !== itunes) throw new FeedProblem('it does not declare the itunes namespace.');
  const channel = child(rss, 'channel');
  const feed = {
    title: words(child(channel, 'title')).replace(/\s+/g, ' '),
    description: words(child(channel, 'description')),
    author: words(child(channel, 'itunes:author')),
    ownerEmail: words(child(child(channel, 'itunes:owner'), 'itunes:email')),
    imageUrl: child(channel, 'itunes:image')?.attribs.href ?? '',
    enclosureUrls: children(channel, 'item').flatMap((item) => child(item, 'enclosure')?.attribs.url ?? []),
  };
  if (feed.title === '') throw new FeedProblem('it has no title.');
  if (!feed.ownerEmail.includes('@')) throw new FeedProblem('it has no itunes:owner with an email.');
  if (feed.imageUrl === '') throw new FeedProblem('it has no itunes:image.');
  if (feed.enclosureUrls.length === 0) throw new FeedProblem('it has no item with an enclosure.');
  return feed;
}
