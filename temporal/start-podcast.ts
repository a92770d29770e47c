import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { KnownPodcasts, PodcastOptions, WaitingPodcast } from '../contracts/podcast.ts';
import { searchAttributes, tasksWait, type Workflows, workflows } from '../contracts/workflows.ts';
import { readMemo } from './memo.ts';
import { taskQueues } from './task-queues.ts';
import { podcastRequestId } from './workflow-ids.ts';

/**
 * Tells a request's workflow of tasks that wait, and starts it when none is open: for a main site's task, or a
 * sub-site's that has its feed. Sub-sites without one alone start none. What an open one knows is not told again, so
 * that its history does not grow with every pull; a task to adopt is told always.
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

/** What the request's open workflow holds, nothing while it is only beginning; undefined when none is open. */
async function readKnown(client: Client, requestId: string): Promise<KnownPodcasts | undefined> {
  try {
    const described = await client.workflow.getHandle(podcastRequestId(requestId)).describe();
    return described.status.name === 'RUNNING' ? (readMemo(described, 'known') ?? {}) : undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Only a signal: a workflow that has closed meanwhile is not to be opened for these. */
async function tell(client: Client, requestId: string, tasks: WaitingPodcast[]): Promise<'open' | 'waiting'> {
  try {
    await client.workflow.getHandle(podcastRequestId(requestId)).signal(tasksWait, tasks);
    return 'open';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'waiting';
    throw error;
  }
}
