import path from 'node:path';
import { openJournal } from '../journal.ts';
import { makeSlug } from './slug.ts';

export interface Podcast {
  /** The account that imported it. */
  username: string;
  slug: string;
  /** The feed's address. */
  feed: string;
  title: string;
  description: string;
  author: string;
  ownerEmail: string;
  /** The name of a stored file. */
  cover: string;
  /** Milliseconds since the epoch. */
  importedAt: number;
}

export type NewPodcast = Omit<Podcast, 'slug' | 'importedAt'>;

/** A podcast that counts once its owner's code was given; `codeHash` is that code's `hashToken`. */
interface Pending {
  podcast: NewPodcast;
  codeHash: string;
}

type Entry = { type: 'podcast'; podcast: Podcast } | ({ type: 'pending' } & Pending);

export interface Imports {
  all(): Podcast[];
  byFeed(feed: string): Podcast | undefined;
  bySlug(slug: string): Podcast | undefined;
  of(username: string): Podcast[];
  /** What the account must still give the owner's code for: the last one counts. */
  pending(username: string): Pending | undefined;
  setPending(podcast: NewPodcast, codeHash: string): void;
  /** Adds a podcast, and ends what its account has pending. @throws Error when its feed was imported: who asks first must do so in the same turn. */
  add(podcast: NewPodcast): void;
  close(): void;
}

/** A directory's podcasts, each feed once, as the journal in `dataDir` has them. */
export function openImports(dataDir: string): Imports {
  const feeds = new Map<string, Podcast>();
  const slugs = new Map<string, Podcast>();
  const pendings = new Map<string, Pending>();
  function apply(entry: Entry): void {
    if (entry.type === 'pending') {
      pendings.set(entry.podcast.username, { podcast: entry.podcast, codeHash: entry.codeHash });
      return;
    }
    feeds.set(entry.podcast.feed, entry.podcast);
    slugs.set(entry.podcast.slug, entry.podcast);
    pendings.delete(entry.podcast.username);
  }
  const journal = openJournal<Entry>(path.join(dataDir, 'imports.jsonl'), apply);
  function record(entry: Entry): void {
    journal.append(entry);
    apply(entry);
  }
  return {
    all: () => [...feeds.values()],
    byFeed: (feed) => feeds.get(feed),
    bySlug: (slug) => slugs.get(slug),
    of: (username) => [...feeds.values()].filter((podcast) => podcast.username === username),
    pending: (username) => pendings.get(username),
    setPending: (podcast, codeHash) => record({ type: 'pending', podcast, codeHash }),
    add(podcast) {
      if (feeds.has(podcast.feed)) throw new Error('the feed was imported already');
      const slug = makeSlug(podcast.title, (wanted) => slugs.has(wanted));
      record({ type: 'podcast', podcast: { ...podcast, slug, importedAt: Date.now() } });
    },
    close: () => journal.close(),
  };
}
