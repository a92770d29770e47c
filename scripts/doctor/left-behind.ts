import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import pLimit from 'p-limit';
import { type Flow, flows, listPhases } from '../../contracts/flows.ts';
import { type AdminClient, longestPauseMs } from '../../services/manager-client/admin-client.ts';
import { type Answer, NoAnswer, type TaskClient } from '../../services/manager-client/task-client.ts';
import { listUnreported, readLastRun } from '../../temporal/task-runs.ts';
import { taskWorkflowId } from '../../temporal/workflow-ids.ts';
import { CommandError } from '../command.ts';
import { readInStatus } from '../read-in-status.ts';

const checksAtOnce = 10;

/** The statuses that tasks of a flow are in from their start to their report. */
const listWorkingStatuses = (flow: Flow): string[] => listPhases(flow).map(({ working }) => working);

/** A task that was started, has not been reported, and has no open workflow. */
export interface LeftBehind {
  flow: Flow;
  taskId: string;
  requestId: string;
  domain: string;
  /** Null of a podcast task, whose API does not tell it, when there is no `admin`. */
  status: string | null;
  /** How its last workflow ended; null when Temporal remembers none. */
  lastWorkflow: string | null;
}

/** Where to look. `admin` is the manager's admin API, where there is one and a key for it. */
export interface Places {
  client: Client;
  assign: TaskClient;
  admin?: AdminClient | undefined;
}

interface Candidate {
  flow: Flow;
  taskId: string;
  /** The manager's database has it in a working status. */
  booked: boolean;
}

/**
 * Finds the tasks that were left behind: from the workflows that closed without a report, as far as Temporal remembers
 * them, and from the manager's database. Changes nothing.
 *
 * @throws NoAnswer, CommandError when the manager could not be asked
 */
export async function findLeftBehind(places: Places): Promise<LeftBehind[]> {
  const candidates = new Map<string, Candidate>();
  const add = (candidate: Candidate) => candidates.set(taskWorkflowId(candidate.flow, candidate.taskId), candidate);
  for (const task of await listUnreported(places.client)) add({ ...task, booked: false });
  if (places.admin) for await (const task of listWorking(places.admin)) add({ ...task, booked: true });

  const limit = pLimit(checksAtOnce);
  try {
    const checked = await limit.map(candidates.values(), (candidate) => check(places, candidate));
    return checked.filter((task) => task !== undefined);
  } finally {
    // After an error, nothing more is asked.
    limit.clearQueue();
  }
}

/** The tasks that the manager has in a working status. */
async function* listWorking(admin: AdminClient): AsyncGenerator<{ flow: Flow; taskId: string }> {
  for await (const { id, type, counts } of admin.listRequests()) {
    const working = listWorkingStatuses(type);
    if (!working.some((status) => counts[status])) continue;
    for (const task of (await admin.readRequest(id)).tasks)
      if (working.includes(task.status)) yield { flow: type, taskId: task.id };
  }
}

/** Reads the task only after its workflow: it may have been reported since the manager's list was read. */
async function check(
  { client, assign, admin }: Places,
  { flow, taskId, booked }: Candidate,
): Promise<LeftBehind | undefined> {
  const last = await readLastRun(client, flow, taskId);
  if (last?.open || (last?.reported && !booked)) return undefined;
  const read = flows[flow].asksForStatus
    ? await obeyPauses(() => readInStatus(assign, flow, taskId, listWorkingStatuses(flow)))
    : await readWithoutStatus(assign, admin, flow, taskId);
  const { status, answer } = read;
  if (answer.kind === 'mismatch' || answer.kind === 'gone') return undefined;
  if (answer.kind === 'invalid')
    throw new CommandError(`the manager refuses to tell of the ${flow} task ${taskId}: ${answer.message}`);
  const { request_id: requestId, domain } = answer.data as { request_id: string; domain: string };
  return { flow, taskId, requestId, domain, status, lastWorkflow: last?.state ?? null };
}

/** The flow's own API tells no status; the admin API does. */
async function readWithoutStatus(
  assign: TaskClient,
  admin: AdminClient | undefined,
  flow: Flow,
  taskId: string,
): Promise<{ status: string | null; answer: Answer }> {
  const answer = await obeyPauses(() => assign.read(flow, taskId, undefined));
  if (!admin || answer.kind !== 'ok') return { status: null, answer };
  const { status } = await admin.readTask(taskId);
  return {
    status,
    answer: listWorkingStatuses(flow).includes(status) ? answer : { kind: 'mismatch', currentStatus: status },
  };
}

/** Asks again after the pauses that the manager asks for: a whole fleet's tasks may have been left behind. */
async function obeyPauses<Result>(ask: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof NoAnswer) || error.retryAfterMs === undefined || error.retryAfterMs > longestPauseMs)
        throw error;
      await sleep(error.retryAfterMs);
    }
  }
}
