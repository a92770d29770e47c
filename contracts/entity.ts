import { z } from 'zod';
import { accountAnswer, accountFields, optionalText, text, texts } from './account.ts';
import { errorMessage } from './envelope.ts';
import { profileAnswer } from './social.ts';

/** The phase of an entity task that a run works off (docs/api-contract.md#entity). */
export type EntityPhase = 'register' | 'connect';

/** A connect task as it comes from a manager; a register task is a `SocialTask` (docs/api-contract.md#entity-task). */
export const entityTask = z.object({ ...accountFields, link_profile: text, entity_connect: texts });
export type EntityTask = z.infer<typeof entityTask>;

/** Body of `complete` in the connect phase: the two links are aliases; without one the link is unchanged. */
export const completeConnect = z.object({
  link_post: optionalText,
  link_profile: optionalText,
  note: optionalText,
});
export type CompleteConnect = z.infer<typeof completeConnect>;

/** Body of `fail` in the connect phase. */
export const failConnect = z.object({ error_message: errorMessage, note: optionalText });
export type FailConnect = z.infer<typeof failConnect>;

/** A connect task as the manager answers it. */
export const connectTaskAnswer = z.object({
  ...accountAnswer,
  link_profile: z.string().optional().describe('where the profile is, when known'),
  entity_connect: z.array(z.string()).describe('the links to put on the profile'),
});
export type ConnectTaskAnswer = z.infer<typeof connectTaskAnswer>;

/** A task of either phase; a register task has no `entity_connect`. */
export const entityTaskAnswer = z.union([connectTaskAnswer, z.object({ ...accountAnswer, ...profileAnswer })]);
