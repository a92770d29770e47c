import type { z } from 'zod';
import { taskSchemas } from '../../contracts/flow-schemas.ts';
import type { TaskFlow } from '../../contracts/flows.ts';
import type { PodcastTask } from '../../contracts/podcast.ts';

/** The most that one pull may ask for (docs/api-contract.md#limit). */
export const mostTasks = 1000;

export interface ListedTask {
  id: string;
  request_id: string;
  domain: string;
}

/** One list of tasks that wait to be started: their status, where the flow's call takes one, and their schema. */
export interface WaitingList<Task extends ListedTask = ListedTask> {
  status?: string;
  schema: z.ZodType<Task>;
}

/** The lists of a flow whose tasks are started each by itself. */
export function waitingLists(flow: TaskFlow): (WaitingList & { status: string })[] {
  return Object.entries(taskSchemas[flow]).map(([status, schema]) => ({ status, schema }));
}

export const podcastList: WaitingList<PodcastTask> = { schema: taskSchemas.podcast.pending };
