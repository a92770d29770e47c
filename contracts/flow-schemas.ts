import type { z } from 'zod';
import { entityTask } from './entity.ts';
import type { Flow, flows } from './flows.ts';
import { podcastTask } from './podcast.ts';
import { socialTask } from './social.ts';

/** What a task must look like, by the status that it waits in. */
export const taskSchemas = {
  social: { register: socialTask },
  entity: { register: socialTask, connect: entityTask },
  podcast: { pending: podcastTask },
} satisfies { [Name in Flow]: Record<keyof (typeof flows)[Name]['phases'], z.ZodType> };
