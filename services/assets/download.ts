import ipaddr from 'ipaddr.js';
import { Agent, request } from 'undici';
import { readBounded, TooLong } from '../read-bounded.ts';
import { AssetRefused, AssetUnavailable } from './errors.ts';
import { type ImageType, imageType } from './image-type.ts';
import { isAllowed, makeGuardedLookup, parseNetworks } from './public-address.ts';

const deadlineMs = 30_000;
const mostRedirects = 4;
const redirects = new Set([301, 302, 303, 307, 308]);
/** Transient refusals, besides all of 5xx. */
const passing = new Set([408, 425, 429]);

export interface Asset {
  bytes: Buffer;
  /** By its first bytes; absent when it is no picture. */
  type: ImageType | undefined;
}

export interface DownloadOptions {
  /** Networks (CIDR) that an asset may come from besides public ones. */
  allow: string[];
  maxBytes: number;
  signal: AbortSignal;
}

/** Host and path: a signed address's query is a secret. */
const show = ({ host, pathname }: URL): string => host + pathname;

function parseAddress(text: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href))
    throw new AssetRefused(base ? `${show(base)} redirects to what is no URL` : 'the asset has no valid URL');
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new AssetRefused(`an asset must come over http or https, not ${url.protocol}`);
  if (url.username !== '' || url.password !== '')
    throw new AssetRefused(`the URL of ${show(url)} holds a user name or password`);
  return url;
}

/**
 * Downloads a picture or feed from a public address, or from an allowed network: every address that a name leads to is
 * checked, on every hop. No cookies, no credentials, at most 4 redirects, 30 s in all.
 *
 * @throws AssetRefused when it can never be had, AssetUnavailable when it may be later; the signal's reason; TypeError when
 *   `allow` holds no networks
 */
export async function downloadAsset(url: string, { allow, maxBytes, signal }: DownloadOptions): Promise<Asset> {
  const networks = parseNetworks(allow);
  const deadline = AbortSignal.timeout(deadlineMs);
  const dispatcher = new Agent({
    connect: { lookup: makeGuardedLookup(networks), timeout: 10_000 },
    headersTimeout: deadlineMs,
    bodyTimeout: deadlineMs,
  });
  let at = parseAddress(url);

  async function follow(): Promise<Buffer> {
    for (let hop = 0; hop <= mostRedirects; hop += 1) {
      // A socket asks no look-up for an address that is written as numbers.
      const host = at.hostname.replace(/^\[(.*)\]$/, '$1');
      if (ipaddr.isValid(host) && !isAllowed(host, networks))
        throw new AssetRefused(`${at.host} is not a public address`);
      const { statusCode, headers, body } = await request(at, {
        dispatcher,
        signal: AbortSignal.any([signal, deadline]),
        headers: { 'user-agent': 'enlist', accept: '*/*', 'accept-encoding': 'identity' },
      });
      // Destroying the agent below ends an unread body, which must not become an unhandled error.
      body.on('error', () => {});
      if (redirects.has(statusCode)) {
        if (typeof headers.location !== 'string') throw new AssetRefused(`${show(at)} redirects to nowhere`);
        body.destroy();
        at = parseAddress(headers.location, at);
        continue;
      }
      if (statusCode >= 500 || passing.has(statusCode)) throw new AssetUnavailable(`${show(at)} answers ${statusCode}`);
      if (statusCode !== 200) throw new AssetRefused(`${show(at)} answers ${statusCode}`);
      if (Number(headers['content-length']) > maxBytes) throw new TooLong(maxBytes);
      return await readBounded(body, maxBytes);
    }
    throw new AssetRefused(`${show(parseAddress(url))} redirects more than ${mostRedirects} times`);
  }

  try {
    const bytes = await follow();
    return { bytes, type: imageType(bytes) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof AssetRefused || error instanceof AssetUnavailable) throw error;
    if (error instanceof TooLong) throw new AssetRefused(`${show(at)} is larger than ${maxBytes} bytes`);
    if (deadline.aborted) throw new AssetUnavailable(`${show(at)} took longer than ${deadlineMs / 1000} s`);
    if (error instanceof TypeError) throw error;
    const { code, name } = error as NodeJS.ErrnoException;
    throw new AssetUnavailable(`${show(at)}: ${code ?? name}`);
  } finally {
    await dispatcher.destroy();
  }
}
