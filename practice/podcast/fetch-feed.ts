import { coverArtProblem, largestCover } from './cover-art.ts';
import { type Feed, FeedProblem, readFeed } from './read-feed.ts';

const largestFeed = 2 * 1024 * 1024;
const patienceMs = 10_000;
/** Of a feed with many episodes, so many are tried until one can be reached. */
const mostEnclosures = 5;

/** A practice site goes nowhere but to this machine. */
function isLocal(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return /^https?:$/.test(protocol) && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** Gets what `name` names; the caller reads or cancels the body. @throws FeedProblem */
async function get(name: string, address: string, signal: AbortSignal): Promise<Response> {
  if (!isLocal(address)) throw new FeedProblem(`${name} is not on this machine.`);
  let response: Response;
  try {
    response = await fetch(address, { redirect: 'error', signal });
  } catch {
    signal.throwIfAborted();
    throw new FeedProblem(`${name} can't be reached.`);
  }
  if (response.ok) return response;
  await response.body?.cancel();
  throw new FeedProblem(`${name} answers ${response.status}.`);
}

/** @throws FeedProblem when there is more than `most` bytes, or the connection breaks */
async function readBytes(name: string, response: Response, most: number, signal: AbortSignal): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    const body: AsyncIterable<Uint8Array> | null = response.body;
    for await (const chunk of body ?? []) {
      length += chunk.length;
      if (length > most) throw new FeedProblem(`${name} is too large.`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof FeedProblem) throw error;
    signal.throwIfAborted();
    throw new FeedProblem(`${name} breaks off.`);
  }
  return Buffer.concat(chunks);
}

async function checkEnclosures(addresses: string[], signal: AbortSignal): Promise<void> {
  let problem: FeedProblem | undefined;
  for (const address of addresses.slice(0, mostEnclosures)) {
    try {
      const response = await get('its enclosure', address, signal);
      return await response.body?.cancel();
    } catch (error) {
      if (!(error instanceof FeedProblem)) throw error;
      problem ??= error;
    }
  }
  if (problem) throw problem;
}

/** Fetches a feed with its cover art, and makes sure that an episode can be had. @throws FeedProblem; `closing`'s reason when it aborts */
export async function fetchFeed(address: string, closing: AbortSignal): Promise<Feed & { cover: Buffer }> {
  const timeout = AbortSignal.timeout(patienceMs);
  const signal = AbortSignal.any([closing, timeout]);
  try {
    const feed = readFeed(
      (await readBytes('it', await get('it', address, signal), largestFeed, signal)).toString('utf8'),
    );
    const cover = await readBytes(
      'its itunes:image',
      await get('its itunes:image', feed.imageUrl, signal),
      largestCover,
      signal,
    );
    const coverProblem = await coverArtProblem(cover);
    if (coverProblem !== undefined) throw new FeedProblem(`its itunes:image is refused: ${coverProblem}`);
    await checkEnclosures(feed.enclosureUrls, signal);
    return { ...feed, cover };
  } catch (error) {
    if (timeout.aborted && !closing.aborted) throw new FeedProblem(`it takes longer than ${patienceMs / 1000} s.`);
    throw error;
  }
}
