import path from 'node:path';
import { openJournal } from '../journal.ts';
import { makeSlug } from './slug.ts';

export interface Show {
  /** The account that it belongs to. */
  username: string;
  slug: string;
  title: string;
  description: string;
  /** ISO 639-1. */
  language: string;
  category: string;
  ownerEmail: string;
  /** The name of an uploaded file. */
  cover: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

export interface Shows {
  all(): Show[];
  bySlug(slug: string): Show | undefined;
  of(username: string): Show | undefined;
  /** Adds an account's show under a slug of its own. @throws Error when the account has one: who asks first must do so in the same turn. */
  add(show: Omit<Show, 'slug'>): void;
  close(): void;
}

/** A host's shows, at most one an account, as the journal in `dataDir` has them. */
export function openShows(dataDir: string): Shows {
  const bySlug = new Map<string, Show>();
  const byOwner = new Map<string, Show>();
  function apply(show: Show): void {
    bySlug.set(show.slug, show);
    byOwner.set(show.username, show);
  }
  const journal = openJournal<Show>(path.join(dataDir, 'shows.jsonl'), apply);
  return {
    all: () => [...bySlug.values()],
    bySlug: (slug) => bySlug.get(slug),
    of: (username) => byOwner.get(username),
    add(given) {
      if (byOwner.has(given.username)) throw new Error('the account has a show already');
      const show = { ...given, slug: makeSlug(given.title, (slug) => bySlug.has(slug)) };
      journal.append(show);
      apply(show);
    },
    close: () => journal.close(),
  };
}
