import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import { Listr } from 'listr2';
import type { RequestDetail, TaskDetail } from '../../../contracts/admin.ts';
import { type Flow, listTransitions } from '../../../contracts/flows.ts';
import type { AdminClient } from '../../../services/manager-client/admin-client.ts';
import type { Meant } from './demonstration.ts';

const lookEveryMs = 500;
/** Whether a task goes on from a status by itself. */
const goesOn = (flow: Flow, status: string) => listTransitions(flow).some(({ from }) => from === status);

type TaskSummary = RequestDetail['tasks'][number];

/** One task's end beside the one it was meant to come to. */
export interface Judged {
  task: TaskDetail;
  expected: string;
  why: string;
  asMeant: boolean;
}

/** Shows each task going through its statuses, until all that can end have ended or `patienceMs` is over. */
export async function showProgress(
  admin: AdminClient,
  requestId: string,
  meant: Meant,
  patienceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  // Every task's line waits on it.
  setMaxListeners(0, limit);
  let request = await admin.readRequest(requestId);
  let shown = false;
  async function keepLooking(): Promise<void> {
    while (!limit.aborted && !shown) {
      await sleep(lookEveryMs, undefined, { signal: limit }).catch(() => {});
      request = await admin.readRequest(requestId).catch(() => request);
    }
  }
  const looking = keepLooking();
  const find = ({ id }: TaskSummary) => request.tasks.find((task) => task.id === id);
  const list = new Listr(
    request.tasks.map((task) => ({
      title: `${task.domain}: ${task.status}`,
      task: async (_: unknown, line: { title: string }) => {
        const staysWaiting = meant.get(task.domain)?.becomes === 'register';
        for (let status = task.status; !limit.aborted; status = find(task)?.status ?? 'deleted') {
          line.title = `${task.domain}: ${status}`;
          if (staysWaiting || !goesOn(request.type, status)) return;
          await sleep(lookEveryMs, undefined, { signal: limit }).catch(() => {});
        }
      },
    })),
    { concurrent: true, exitOnError: false, registerSignalListeners: false, fallbackRenderer: 'simple' },
  );
  await list.run();
  shown = true;
  await looking;
}

/** Reads every task's end and compares it with what it was meant to become. */
export async function judge(admin: AdminClient, requestId: string, meant: Meant): Promise<Judged[]> {
  const { tasks } = await admin.readRequest(requestId);
  return Promise.all(
    tasks.map(async ({ id, domain }) => {
      const task = await admin.readTask(id);
      const end = meant.get(domain);
      if (!end) throw new Error(`nothing is meant for ${domain}`);
      const { becomes, why } = end;
      return { task, expected: becomes, why, asMeant: task.status === becomes };
    }),
  );
}

function readSeconds({ started_at: started, history }: TaskDetail): string {
  const end = history.at(-1)?.at;
  return started && end ? `${((Date.parse(end) - Date.parse(started)) / 1000).toFixed(1)} s` : '';
}

/** The outcomes as a table for people. */
export function writeTable(judged: Judged[]): string {
  const table = new Table({
    head: ['task', 'domain', 'outcome', 'as meant', 'profile or feed', 'time'],
    style: { head: [], border: [] },
  });
  for (const { task, expected, why, asMeant } of judged) {
    const verdict = asMeant ? `yes: ${why}` : `NO, meant: ${expected} (${why})`;
    table.push([
      task.id.slice(0, 8),
      task.domain,
      task.status,
      verdict,
      task.link_profile || task.link_rss,
      readSeconds(task),
    ]);
  }
  return table.toString();
}
