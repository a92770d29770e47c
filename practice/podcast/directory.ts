import path from 'node:path';
import { z } from 'zod';
import { type RunningSite, siteOptions, startSite } from '../site/start-site.ts';
import { type AccountState, mediaUrl, readAccount, readSite, type SiteState } from '../site/state.ts';
import { type DirectoryBehaviour, directoryBehaviour } from './behaviour.ts';
import { showingRoutes } from './directory-pages.ts';
import { type DirectoryCounts, importRoutes } from './import-routes.ts';
import { openImports, type Podcast } from './imports.ts';

export const directoryOptions = siteOptions.extend({
  kind: z.literal('directory'),
  /** An import counts only once a code that is mailed to the feed's owner was given. */
  ownerCode: z.boolean().default(false),
  behaviour: directoryBehaviour.optional(),
});
export type PodcastDirectoryOptions = z.input<typeof directoryOptions>;

export interface DirectoryState extends SiteState<DirectoryBehaviour> {
  counts: SiteState['counts'] & DirectoryCounts;
  accounts: (AccountState & { /** The feed that waits for its owner's code. */ pending?: string | undefined })[];
  /** `cover` is an address here, and `page` that of the public page. */
  podcasts: (Podcast & { page: string })[];
}

export interface PodcastDirectory extends RunningSite<DirectoryBehaviour, DirectoryState> {
  kind: 'directory';
}

/** Starts a practice podcast directory on loopback. @throws ZodError for wrong options, Error when the port is taken. */
export async function startPodcastDirectory(options: PodcastDirectoryOptions): Promise<PodcastDirectory> {
  const wanted = directoryOptions.parse(options);
  const imports = openImports(path.join(wanted.dataDir, wanted.domain));
  const counts: DirectoryCounts = { feedsFetched: 0, imports: 0 };
  try {
    const site = await startSite<DirectoryBehaviour, DirectoryState>(wanted, {
      behaviour: directoryBehaviour,
      nav: () => [
        { text: 'My podcasts', href: '/podcasts' },
        { text: 'Add your podcast', href: '/add' },
        { text: 'Security', href: '/settings/security' },
      ],
      next: { text: 'Import a feed', href: '/add' },
      routes(app, running) {
        showingRoutes(app, running, imports);
        importRoutes(app, running, imports, counts, wanted.ownerCode);
      },
      readState(running) {
        const state = readSite(running);
        return {
          ...state,
          counts: { ...state.counts, ...counts },
          accounts: running.accounts.all().map((account) => ({
            ...readAccount(running, account),
            pending: imports.pending(account.username)?.podcast.feed,
          })),
          podcasts: imports.all().map((podcast) => ({
            ...podcast,
            cover: mediaUrl(running, podcast.cover),
            page: `${running.url}/podcasts/${podcast.slug}`,
          })),
        };
      },
    });
    return {
      ...site,
      kind: 'directory',
      async close() {
        await site.close();
        imports.close();
      },
    };
  } catch (error) {
    imports.close();
    throw error;
  }
}
