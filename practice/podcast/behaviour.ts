import { z } from 'zod';
import { commonBehaviour, fault } from '../site/behaviour.ts';

/** How a podcast host misbehaves. */
export const hostBehaviour = commonBehaviour.extend({
  /** The feeds that it serves break off in the middle. */
  feedBroken: z.boolean().optional(),
});
export type HostBehaviour = z.infer<typeof hostBehaviour>;

/** How a podcast directory misbehaves. */
export const directoryBehaviour = commonBehaviour.extend({
  /** A good feed is refused. */
  importRefused: z.boolean().optional(),
  /** 500 once the podcast was imported; the first `times` imports, else all. */
  errorAfterImport: fault.optional(),
  /** The code for the feed's owner is never sent. */
  noOwnerMail: z.boolean().optional(),
});
export type DirectoryBehaviour = z.infer<typeof directoryBehaviour>;
