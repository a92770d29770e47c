import path from 'node:path';
import { z } from 'zod';
import { type RunningSite, siteOptions, startSite } from '../site/start-site.ts';
import { type AccountState, mediaUrl, readAccount, readSite, type SiteState } from '../site/state.ts';
import { type HostBehaviour, hostBehaviour } from './behaviour.ts';
import { largestCover } from './cover-art.ts';
import { feedUrl, type HostCounts, hostRoutes, uploadRoute } from './host-routes.ts';
import { openShows, type Show } from './shows.ts';

export const hostOptions = siteOptions.extend({ kind: z.literal('host'), behaviour: hostBehaviour.optional() });
export type PodcastHostOptions = z.input<typeof hostOptions>;

export interface HostState extends SiteState<HostBehaviour> {
  counts: SiteState['counts'] & HostCounts;
  accounts: AccountState[];
  /** `feed` and `cover` are addresses here. */
  shows: (Show & { feed: string })[];
}

export interface PodcastHost extends RunningSite<HostBehaviour, HostState> {
  kind: 'host';
}

/** Starts a practice podcast host on loopback. @throws ZodError for wrong options, Error when the port is taken. */
export async function startPodcastHost(options: PodcastHostOptions): Promise<PodcastHost> {
  const wanted = hostOptions.parse(options);
  const shows = openShows(path.join(wanted.dataDir, wanted.domain));
  const counts: HostCounts = { showsMade: 0, feedsFetched: 0 };
  try {
    const site = await startSite<HostBehaviour, HostState>(wanted, {
      behaviour: hostBehaviour,
      upload: { route: uploadRoute, largest: largestCover },
      nav: () => [
        { text: 'Dashboard', href: '/dashboard' },
        { text: 'Security', href: '/settings/security' },
      ],
      next: { text: 'Create a show', href: '/show/new' },
      routes: (app, running) => hostRoutes(app, running, shows, counts),
      readState(running) {
        const state = readSite(running);
        return {
          ...state,
          counts: { ...state.counts, ...counts },
          accounts: running.accounts.all().map((account) => readAccount(running, account)),
          shows: shows
            .all()
            .map((show) => ({ ...show, feed: feedUrl(running, show), cover: mediaUrl(running, show.cover) })),
        };
      },
    });
    return {
      ...site,
      kind: 'host',
      async close() {
        await site.close();
        shows.close();
      },
    };
  } catch (error) {
    shows.close();
    throw error;
  }
}
