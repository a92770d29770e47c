import sharp from 'sharp';
import {
  type PodcastDirectory,
  type PodcastDirectoryOptions,
  startPodcastDirectory,
} from '../../practice/podcast/directory.ts';
import { type PodcastHost, type PodcastHostOptions, startPodcastHost } from '../../practice/podcast/host.ts';
import { ann, PracticeSites, Visitor } from './visitor.ts';

/** A lab with podcast hosts and directories. */
export class PodcastSites extends PracticeSites {
  readonly #podcasts: { close(): Promise<void> }[] = [];

  async #options<Domain extends string>(domain: Domain) {
    return {
      domain,
      dataDir: this.dataDir,
      smtp: (await this.mail()).smtp,
      confirmation: 'none' as const,
      controlToken: 'control',
    };
  }

  async host(options: Partial<PodcastHostOptions> = {}): Promise<PodcastHost> {
    const host = await startPodcastHost({ kind: 'host', ...(await this.#options('host.test')), ...options });
    this.#podcasts.push(host);
    return host;
  }

  async directory(options: Partial<PodcastDirectoryOptions> = {}): Promise<PodcastDirectory> {
    const directory = await startPodcastDirectory({
      kind: 'directory',
      ...(await this.#options('directory.test')),
      ...options,
    });
    this.#podcasts.push(directory);
    return directory;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    for (const site of this.#podcasts) await site.close().catch(() => {});
    await super[Symbol.asyncDispose]();
  }
}

export function drawSquare(side: number, format: 'png' | 'jpeg' | 'webp' = 'png', height = side): Promise<Buffer> {
  return sharp({ create: { width: side, height, channels: 3, background: '#2f5bea' } })
    .toFormat(format)
    .toBuffer();
}
export const coverArt = await drawSquare(1400);

/** Someone who has signed up and is signed in. */
export async function join(site: { url: string }, account = ann): Promise<Visitor> {
  return (await new Visitor(site.url).begin(account)).finish();
}

/** Fills in "Create a show". */
export async function createShow(visitor: Visitor, filling: Record<string, string | Blob> = {}): Promise<Visitor> {
  await visitor.open('/show/new');
  return visitor.submit('Create show', {
    'Show title': 'Sample talks',
    Description: 'We talk about samples.',
    Language: 'en',
    Category: 'Technology',
    'Owner email': ann.email,
    'Cover art': new Blob([coverArt]),
    ...filling,
  });
}

/** A host with Ann's show, and the address of its feed. */
export async function makeFeed(lab: PodcastSites): Promise<{ host: PodcastHost; feed: string }> {
  const host = await lab.host();
  await createShow(await join(host));
  return { host, feed: host.state().shows[0]!.feed };
}

export async function importFeed(visitor: Visitor, feed: string): Promise<Visitor> {
  await visitor.open('/add');
  return visitor.submit('Import', { 'RSS feed URL': feed });
}
