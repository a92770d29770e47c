import { type Client, isGrpcServiceError, ServiceError } from '@temporalio/client';
import type { Sites } from '../../sites/sites-file.ts';
import { countOpen, type StartableTask, startTask, type TaskFlow } from '../../temporal/start-task.ts';
import type { AssignClient } from '../assign/client.ts';
import { mostTasks, type WaitingList, waitingLists } from './waiting-lists.ts';

const startsAtOnce = 20;
const longestShownId = 100;
/** gRPC's code for what no further try would mend. */
const invalidArgument = 3;

export interface Dispatching {
  assign: AssignClient;
  sites: Sites;
  client: Client;
  /** At most this many workflows of the flow are open at a time. */
  maxOpen: number;
}

/** What one pull came to. */
export interface Pulled {
  pulled: number;
  started: number;
  /** Tasks whose workflow is open already. */
  open: number;
  /** Tasks of domains that the operator's file does not list, by domain. */
  notEnabled: Record<string, number>;
  /** Tasks that are no tasks: their id, or their place in the list, and what is wrong. */
  malformed: string[];
  /** Tasks left for a later pull, since `maxOpen` workflows are open. */
  held: number;
  /** What the operator should know. */
  warnings: string[];
}

/**
 * Pulls a flow's tasks once and starts a workflow for each that can be worked; one that can't costs only itself.
 * Changes nothing at the manager: the workflows' own `start` takes tasks off the list.
 *
 * @throws NoAnswer when the manager gave no list
 */
export async function dispatch(flow: TaskFlow, dispatching: Dispatching, signal?: AbortSignal, onProgress?: () => void): Promise<Pulled> {
  const { sites, client, maxOpen } = dispatching;
  const result: Pulled = { pulled: 0, started: 0, open: 0, notEnabled: {}, malformed: [], held: 0, warnings: [] };
  const domains = new Set((await sites.read()).sites.map((site) => site.domain));
  const workable: StartableTask[] = [];
  for (const list of waitingLists[flow]) workable.push(...(await pull(flow, list, dispatching, domains, result, signal)));

  let room = workable.length > 0 ? Math.max(0, maxOpen - (await countOpen(client, flow))) : 0;
  let next = 0;
  while (next < workable.length && room > 0) {
    signal?.throwIfAborted();
    const batch = workable.slice(next, next + Math.min(startsAtOnce, room));
    const ends = await Promise.all(batch.map((task) => startOne(client, flow, task, result)));
    room -= ends.filter((end) => end === 'started').length;
    next += batch.length;
    onProgress?.();
  }
  result.held = workable.length - next;
  return result;
}

/** Starts one task's workflow; a task that Temporal won't take, for the length of its id say, counts as malformed. */
async function startOne(client: Client, flow: TaskFlow, task: StartableTask, result: Pulled): Promise<'started' | 'open' | undefined> {
  try {
    const end = await startTask(client, flow, task);
    result[end] += 1;
    return end;
  } catch (error) {
    const cause = error instanceof ServiceError ? error.cause : error;
    if (!isGrpcServiceError(cause) || cause.code !== invalidArgument) throw error;
    result.malformed.push(`${task.id.slice(0, longestShownId)}: ${cause.details}`);
    return undefined;
  }
}

/** Pulls one list and sorts out what can't be worked, into `result`. */
async function pull(
  flow: TaskFlow,
  { status, schema }: WaitingList,
  { assign }: Dispatching,
  domains: Set<string>,
  result: Pulled,
  signal: AbortSignal | undefined,
): Promise<StartableTask[]> {
  const answer = await assign.list(flow, { limit: String(mostTasks), status }, signal);
  if (answer.kind !== 'ok' || !Array.isArray(answer.data)) {
    throw new Error(`the manager's list of ${flow} tasks is not one: ${answer.kind === 'invalid' ? answer.message : answer.kind}`);
  }
  const workable: StartableTask[] = [];
  for (const [index, item] of answer.data.entries()) {
    const parsed = schema.safeParse(item);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      const id = (item as { id?: unknown } | null)?.id;
      result.malformed.push(`${typeof id === 'string' ? id : `number ${index + 1}`}: ${issue.path.join('.') || 'task'} ${issue.message}`);
    } else {
      const { id, domain, request_id: requestId } = parsed.data;
      if (domains.has(domain.toLowerCase())) workable.push({ id, status, domain, requestId });
      else result.notEnabled[domain] = (result.notEnabled[domain] ?? 0) + 1;
    }
  }
  result.pulled += answer.data.length;
  if (answer.data.length >= mostTasks && workable.length === 0) {
    result.warnings.push(
      `the list of ${status} is full of ${answer.data.length} tasks that can't be worked; they hide every task behind them: enable their domains in SITES_FILE, or delete them`,
    );
  }
  return workable;
}
