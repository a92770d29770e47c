import type { Client } from '@temporalio/client';
import pLimit from 'p-limit';
import type { Sites } from '../../config/sites-file.ts';
import type { DispatchResult } from '../../contracts/dispatch.ts';
import type { Flow, TaskFlow } from '../../contracts/flows.ts';
import type { PodcastOptions, WaitingPodcast } from '../../contracts/podcast.ts';
import { readRefusal } from '../../temporal/read-refusal.ts';
import { startPodcast } from '../../temporal/start-podcast.ts';
import { countOpen, startTask } from '../../temporal/start-task.ts';
import type { TaskClient } from '../manager-client/task-client.ts';
import { readList } from './read-list.ts';
import { type ListedTask, mostTasks, podcastList, type WaitingList, waitingLists } from './waiting-lists.ts';
import { describeWaiting } from './waiting-podcasts.ts';

const startsAtOnce = 20;
const longestShownId = 100;

export interface Dispatching {
  assign: TaskClient;
  sites: Sites;
  client: Client;
  /** At most this many workflows of the flow are open at a time. */
  maxOpen: number;
  /** The domains of main podcast sites (docs/api-contract.md#main-domains). */
  mainDomains: string[];
  podcast: PodcastOptions;
}

/** One workflow to be started, unless it is open. */
interface Startable {
  /** The task's id, or the request's. */
  id: string;
  start(client: Client): Promise<'started' | 'open' | 'waiting'>;
}

/**
 * Pulls a flow's tasks once and starts a workflow for each that can be worked; one that can't does not affect the
 * others. Changes nothing at the manager: the workflows' `start` takes tasks off the list.
 *
 * @throws NoAnswer when the manager gave no list
 */
export async function dispatch(flow: Flow, dispatching: Dispatching, signal?: AbortSignal): Promise<DispatchResult> {
  const { client, maxOpen } = dispatching;
  const result: DispatchResult = {
    pulled: 0,
    started: 0,
    open: 0,
    waiting: 0,
    notEnabled: {},
    malformed: [],
    held: 0,
    warnings: [],
  };
  const startable =
    flow === 'podcast'
      ? await pullRequests(dispatching, result, signal)
      : await pullTasks(flow, dispatching, result, signal);

  const room = startable.length > 0 ? Math.max(0, maxOpen - (await countOpen(client, flow))) : 0;
  await startAll(client, startable, room, result, signal);
  return result;
}

/** Starts workflows in their order until `room` of them are new, and counts the rest as held. */
async function startAll(
  client: Client,
  startable: Startable[],
  room: number,
  result: DispatchResult,
  signal: AbortSignal | undefined,
): Promise<void> {
  let left = room;
  // No more at once than there is room for, since each of them may be a new one.
  const mostNow = () => Math.max(1, Math.min(startsAtOnce, left));
  const limit = pLimit(mostNow());
  try {
    await limit.map(startable, async (one) => {
      if (left === 0) {
        result.held += 1;
        return;
      }
      signal?.throwIfAborted();
      if ((await startOne(client, one, result)) !== 'started') return;
      left -= 1;
      limit.concurrency = mostNow();
    });
  } finally {
    // After an error, nothing more is started.
    limit.clearQueue();
  }
}

/** Starts one workflow; what Temporal refuses, for the length of its id for example, counts as malformed. */
async function startOne(
  client: Client,
  one: Startable,
  result: DispatchResult,
): Promise<'started' | 'open' | 'waiting' | undefined> {
  try {
    const end = await one.start(client);
    result[end] += 1;
    return end;
  } catch (error) {
    const refusal = readRefusal(error);
    if (refusal === undefined) throw error;
    result.malformed.push(`${one.id.slice(0, longestShownId)}: ${refusal}`);
    return undefined;
  }
}

/** One workflow per task. */
async function pullTasks(
  flow: TaskFlow,
  dispatching: Dispatching,
  result: DispatchResult,
  signal: AbortSignal | undefined,
): Promise<Startable[]> {
  const startable: Startable[] = [];
  for (const list of waitingLists(flow)) {
    for (const { id, domain, request_id: requestId } of await pull(flow, list, dispatching, result, signal)) {
      startable.push({
        id,
        start: (client) => startTask(client, flow, { id, status: list.status, domain, requestId }),
      });
    }
  }
  return startable;
}

/** One workflow per podcast request, in the order of their first tasks. */
async function pullRequests(
  dispatching: Dispatching,
  result: DispatchResult,
  signal: AbortSignal | undefined,
): Promise<Startable[]> {
  const requests = new Map<string, WaitingPodcast[]>();
  for (const task of await pull('podcast', podcastList, dispatching, result, signal)) {
    const waiting = describeWaiting(task, dispatching.mainDomains);
    requests.set(task.request_id, [...(requests.get(task.request_id) ?? []), waiting]);
  }
  return [...requests].map(([id, tasks]) => ({
    id,
    start: (client) => startPodcast(client, id, tasks, dispatching.podcast),
  }));
}

/** Pulls one list; tasks that can't be worked are counted in `result`. */
async function pull<Task extends ListedTask>(
  flow: Flow,
  list: WaitingList<Task>,
  dispatching: Dispatching,
  result: DispatchResult,
  signal: AbortSignal | undefined,
): Promise<Task[]> {
  const { length, workable, notEnabled, malformed } = await readList(flow, list, dispatching, signal);
  result.pulled += length;
  result.malformed.push(...malformed);
  for (const domain of notEnabled) result.notEnabled[domain] = (result.notEnabled[domain] ?? 0) + 1;
  if (length >= mostTasks && workable.length === 0) {
    result.warnings.push(
      `the list of ${list.status ?? flow} is full of ${length} tasks that can't be worked; they hide every task behind them: enable their domains in SITES_FILE, or delete them`,
    );
  }
  return workable;
}
