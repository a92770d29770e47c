import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { KnownPodcasts, WaitingPodcast } from '../contracts/podcast.ts';
import { readShown } from './memo.ts';
import { searchAttributes } from './search-attributes.ts';
import { taskQueues } from './task-queues.ts';
import { podcastRequestId } from './workflow-ids.ts';

/** How long a workflow may take to say what it knows. */
const answerMs = 5_000;

/** What the operator sets for podcast requests (contract section 8). */
export interface PodcastSetting {
  mainWaitMs: number;
  atOnce: number;
}

/**
 * Tells a request's workflow of tasks that wait, and starts it when none is open: for a main site's task, or a
 * sub-site's that has its feed. Sub-sites without one alone start none. What an open one knows is not told again, so
 * that its history does not grow with every pull; a task to adopt is told always.
 *
 * @returns `open` when one was open, `waiting` when none was and none was started
 */
export async function startPodcast(client: Client, requestId: string, tasks: WaitingPodcast[], setting: PodcastSetting): Promise<'started' | 'open' | 'waiting'> {
  const known = await readKnown(client, requestId);
  // No worker, or one that is only starting: the next pull asks again.
  if (known === 'no answer' && !tasks.some(({ adopt }) => adopt)) return 'open';
  const isKnown = ({ id, hasFeed, adopt }: WaitingPodcast) => typeof known === 'object' && !adopt && known[id] && !(hasFeed && !known[id].hasFeed);
  const fresh = tasks.filter((task) => !isKnown(task));
  if (known && fresh.length === 0) return 'open';
  if (!fresh.some(({ main, hasFeed }) => main || hasFeed)) return known ? tell(client, requestId, fresh) : 'waiting';
  await client.workflow.signalWithStart('podcastRequest', {
    workflowId: podcastRequestId(requestId),
    taskQueue: taskQueues.workflows,
    args: [requestId, setting],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: 'podcast request: the main site, then the sub-sites',
    typedSearchAttributes: new TypedSearchAttributes([
      { key: searchAttributes.flow, value: 'podcast' },
      { key: searchAttributes.request, value: requestId },
    ]),
    signal: 'tasksWait',
    signalArgs: [fresh],
  });
  return known ? 'open' : 'started';
}

/** What the request's open workflow has on its hands; undefined when none is open. */
async function readKnown(client: Client, requestId: string): Promise<KnownPodcasts | 'no answer' | undefined> {
  const workflowId = podcastRequestId(requestId);
  let runId: string;
  try {
    const described = await client.workflow.getHandle(workflowId).describe();
    if (described.status.name !== 'RUNNING') return undefined;
    const known = readShown(described, 'known');
    if (known) return known;
    runId = described.runId;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
  // A run of before, or one whose first workflow task is not over.
  const query = () => client.workflow.getHandle(workflowId, runId).query<KnownPodcasts>('tasksKnown');
  return client.withDeadline(Date.now() + answerMs, query).catch(() => 'no answer' as const);
}

/** Only a signal: a workflow that has closed meanwhile is not to be opened for these. */
async function tell(client: Client, requestId: string, tasks: WaitingPodcast[]): Promise<'open' | 'waiting'> {
  try {
    await client.workflow.getHandle(podcastRequestId(requestId)).signal('tasksWait', tasks);
    return 'open';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'waiting';
    throw error;
  }
}
