import { AssetUnavailable } from '../services/assets/errors.ts';
import { checkFeed } from '../services/feed/check-feed.ts';
import { FeedRefused } from '../services/feed/errors.ts';
import type { Feed } from '../services/feed/read-feed.ts';
import { makeFailure } from './failure.ts';
import { withinLimits } from './within-limits.ts';

function toFailure(error: unknown): unknown {
  if (error instanceof FeedRefused) return makeFailure('FeedRefused', error.message);
  if (error instanceof AssetUnavailable) return makeFailure('AssetUnavailable', error.message);
  return error;
}

export function createFeedActivities({ assetsAllow }: { assetsAllow: string[] }) {
  return {
    /** Checks that directories would take the feed and, when an owner is given, that it is theirs. */
    async checkFeed(url: string, owner?: string): Promise<Pick<Feed, 'title' | 'ownerEmail'>> {
      return withinLimits(async ({ signal, isOverdue }) => {
        try {
          const { title, ownerEmail } = await checkFeed(url, { owner, allow: assetsAllow, signal });
          return { title, ownerEmail };
        } catch (error) {
          if (isOverdue()) throw makeFailure('StepTimeout', 'the check of the feed took too long');
          throw toFailure(error);
        }
      });
    },
  };
}

export type FeedActivities = ReturnType<typeof createFeedActivities>;
