import type { z } from 'zod';
import { entityTask } from '../../contracts/entity.ts';
import { type PodcastTask, podcastTask } from '../../contracts/podcast.ts';
import { socialTask } from '../../contracts/social.ts';
import type { TaskFlow } from '../../temporal/start-task.ts';

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

/** A list whose tasks are in the status `working` from their start to their report. */
type TaskList = WaitingList & { status: string; working: string };

const registerList: TaskList = { status: 'register', working: 'registering', schema: socialTask };

/** The lists of the flows that start one workflow per task. */
export const waitingLists: Record<TaskFlow, TaskList[]> = {
  social: [registerList],
  entity: [registerList, { status: 'connect', working: 'connecting', schema: entityTask }],
};

export const podcastList: WaitingList<PodcastTask> = { schema: podcastTask };
