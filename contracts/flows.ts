import type { EntityStatus } from './entity.ts';
import type { PodcastStatus } from './podcast.ts';
import type { SocialStatus } from './social.ts';

/** The task flows that have a manager's API of their own (docs/api-contract.md#common). */
export type Flow = 'social' | 'entity' | 'podcast';

/** A status of any flow's tasks. */
export type Status = SocialStatus | EntityStatus | PodcastStatus;

/** Where a flow's calls live under `ASSIGN_URL`. */
export const flowPaths: Record<Flow, string> = {
  social: '/api/v1/social_account',
  entity: '/api/v1/entity',
  podcast: '/api/v1/podcast_account',
};
