import type { z } from 'zod';
import { entityTask } from '../../contracts/entity.ts';
import { socialTask } from '../../contracts/social.ts';
import type { TaskFlow } from '../../temporal/start-task.ts';

/** The most that one pull may ask for (contract section 1). */
export const mostTasks = 1000;

/** One list of tasks that wait to be started: their status, and what they must look like. */
export interface WaitingList {
  status: string;
  schema: z.ZodType<{ id: string; request_id: string; domain: string }>;
}

/** The lists of each flow. */
export const waitingLists: Record<TaskFlow, WaitingList[]> = {
  social: [{ status: 'register', schema: socialTask }],
  entity: [
    { status: 'register', schema: socialTask },
    { status: 'connect', schema: entityTask },
  ],
};
