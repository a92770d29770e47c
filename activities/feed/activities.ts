import { ApplicationFailure } from '@temporalio/activity';
import type { FailureKind } from '../../contracts/outcomes.ts';
import { AssetUnavailable } from '../assets/errors.ts';
import { withinLimits } from '../step-limits.ts';
import { checkFeed } from './check-feed.ts';
import { FeedRefused } from './errors.ts';
import type { Feed } from './read-feed.ts';

function fail(type: FailureKind, message: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message, category: 'BENIGN' });
}

function toFailure(error: unknown): unknown {
  if (error instanceof FeedRefused) return fail('FeedRefused', error.message);
  if (error instanceof AssetUnavailable) return fail('AssetUnavailable', error.message);
  return error;
}

export function createFeedActivities({ assetsAllow }: { assetsAllow: string[] }) {
  return {
    /** Whether directories would take the feed, and whether it is the owner's when one is given. */
    async checkFeed(url: string, owner?: string): Promise<Pick<Feed, 'title' | 'ownerEmail'>> {
      return withinLimits(async ({ signal, isOverdue }) => {
        try {
          const { title, ownerEmail } = await checkFeed(url, { owner, allow: assetsAllow, signal });
          return { title, ownerEmail };
        } catch (error) {
          if (isOverdue()) throw fail('StepTimeout', "the check of the feed took too long");
          throw toFailure(error);
        }
      });
    },
  };
}

export type FeedActivities = ReturnType<typeof createFeedActivities>;
