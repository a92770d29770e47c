import sharp from 'sharp';
import { type Asset, downloadAsset } from '../assets/download.ts';
import { AssetRefused } from '../assets/errors.ts';
import { FeedRefused } from './errors.ts';
import { type Feed, readFeed } from './read-feed.ts';

const mebibyte = 1024 * 1024;
const largestFeed = 10 * mebibyte;
const largestCover = 20 * mebibyte;
/** The sides of cover art by Apple's rules (A Podcaster's Guide to RSS, itunes:image), in pixels. */
const sides = { least: 1400, most: 3000 };

export interface FeedCheck {
  /** The address that must be the feed's owner's. */
  owner?: string | undefined;
  /** Networks (CIDR) that a feed may come from besides public ones. */
  allow: string[];
  signal: AbortSignal;
}

async function download(what: string, url: string, maxBytes: number, { allow, signal }: FeedCheck): Promise<Asset> {
  try {
    return await downloadAsset(url, { allow, maxBytes, signal });
  } catch (error) {
    if (error instanceof AssetRefused) throw new FeedRefused(`${what} can't be had: ${error.message}`);
    throw error;
  }
}

/** The domain of a mail address: reports name no more of it. */
const domainOf = (address: string): string => /@([^@]*)$/.exec(address)?.[1]?.toLowerCase() ?? 'no domain';

function checkOwner(found: string, owner: string): void {
  if (found.toLowerCase() === owner.trim().toLowerCase()) return;
  const [theirs, ours] = [domainOf(found), domainOf(owner)];
  throw new FeedRefused(
    theirs === ours
      ? `the feed's owner has another address at ${ours}`
      : `the feed's owner has an address at ${theirs}, not the one at ${ours}`,
  );
}

async function checkCover({ bytes, type }: Asset): Promise<void> {
  // Other formats are not even opened.
  const opened =
    type === 'image/png' || type === 'image/jpeg'
      ? await sharp(bytes)
          .metadata()
          .catch(() => undefined)
      : undefined;
  if (!opened) throw new FeedRefused('the cover art is not a PNG or JPEG picture');
  const { width, height } = opened;
  if (width !== height) throw new FeedRefused(`the cover art is not square but ${width}×${height} pixels`);
  if (width < sides.least || width > sides.most) {
    throw new FeedRefused(
      `the cover art is ${width}×${height} pixels, and its sides must have ${sides.least} to ${sides.most}`,
    );
  }
}

/**
 * Checks that a feed and its cover art exist and are as directories want them, and that the feed is its owner's.
 *
 * @throws FeedRefused; AssetUnavailable when one of them can't be downloaded now; the signal's reason; TypeError when
 * `allow`
 *   holds no networks
 */
export async function checkFeed(url: string, check: FeedCheck): Promise<Feed> {
  const feed = readFeed((await download('the feed', url, largestFeed, check)).bytes);
  if (check.owner !== undefined) checkOwner(feed.ownerEmail, check.owner);
  await checkCover(await download('the cover art', feed.imageUrl, largestCover, check));
  return feed;
}
