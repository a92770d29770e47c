import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { KnownPodcasts, PodcastOptions, WaitingPodcast } from '../contracts/podcast.ts';
import { searchAttributes, tasksWait, type Workflows, workflows } from '../contracts/workflows.ts';
import { readMemo } from './memo.ts';
import { taskQueues } from './task-queues.ts';
import { podcastRequestId } from './workflow-ids.ts';

/**
 * Tells a request's workflow which tasks wait, and starts it when none is open: for a main site's task, or for a
 * sub-site's that has its feed. Sub-sites without a feed start none. Tasks that an open workflow knows are not sent
 * again, so that its history does not grow with every pull; a task to adopt always is.
 *
 * @returns `open` when one was open, `waiting` when none was and none was started
 */
export async function startPodcast(
  client: Client,
  requestId: string,
  tasks: WaitingPodcast[],
  options: PodcastOptions,
): Promise<'started' | 'open' | 'waiting'> {
  const known = await readKnown(client, requestId);
  const isKnown = ({ id, hasFeed, adopt }: WaitingPodcast) => !adopt && known?.[id] && !(hasFeed && !known[id].hasFeed);
  const fresh = tasks.filter((task) => !isKnown(task));
  if (known && fresh.length === 0) return 'open';
  if (!fresh.some(({ main, hasFeed }) => main || hasFeed)) return known ? tell(client, requestId, fresh) : 'waiting';
  await client.workflow.signalWithStart<Workflows['podcastRequest'], [WaitingPodcast[]]>(
    workflows.podcastRequest.name,
    {
      workflowId: podcastRequestId(requestId),
      taskQueue: taskQueues.workflows,
      args: [requestId, options],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: 'podcast request: the main site, then the sub-sites',
      typedSearchAttributes: new TypedSearchAttributes([
        { key: searchAttributes.flow, value: 'podcast' },
        { key: searchAttributes.request, value: requestId },
      ]),
      signal: tasksWait,
      signalArgs: [fresh],
    },
  );
  return known ? 'open' : 'started';
}

/**
 * The tasks that the request's open workflow holds, none before its first workflow task is over; undefined when none is
 * open.
 */
async function readKnown(client: Client, requestId: string): Promise<KnownPodcasts | undefined> {
  try {
    const described = await client.workflow.getHandle(podcastRequestId(requestId)).describe();
    return described.status.name === 'RUNNING' ? (readMemo(described, 'known') ?? {}) : undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Only a signal: these tasks do not open a workflow that has closed meanwhile. */
async function tell(client: Client, requestId: string, tasks: WaitingPodcast[]): Promise<'open' | 'waiting'> {
  try {
    await client.workflow.getHandle(podcastRequestId(requestId)).signal(tasksWait, tasks);
    return 'open';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'waiting';
    throw error;
  }
}
