import type { Flow, Status } from '../../../contracts/flows.ts';
import type { ManagerContext } from '../../context.ts';
import type { Database } from '../../database/tables.ts';
import { TaskNotFound } from '../errors.ts';
import { type Credentials, openSecrets, type SealedRow } from './secrets.ts';

/** Tasks with what their request says of all of them, deleted ones left out. */
export function selectTasks(db: Database, flow: Flow) {
  return db
    .selectFrom('tasks')
    .innerJoin('requests', 'requests.id', 'tasks.request_id')
    .where('tasks.type', '=', flow)
    .where('tasks.deleted_at', 'is', null)
    .select([
      'tasks.id',
      'tasks.request_id',
      'tasks.domain',
      'tasks.status',
      'tasks.email',
      'tasks.username',
      'tasks.about',
      'tasks.link_profile',
      'tasks.secrets',
      'tasks.secrets_key',
      'tasks.reported',
      'tasks.reported_key',
      'requests.website',
      'requests.profile',
      'requests.group_id',
      'requests.target',
    ]);
}
export type TaskRow = Awaited<ReturnType<ReturnType<typeof selectTasks>['executeTakeFirstOrThrow']>>;

/** The oldest tasks that wait in a status: one scan of the index `tasks_waiting`, however many tasks there are. */
export function selectWaiting(db: Database, flow: Flow, status: Status, limit: number) {
  return selectTasks(db, flow)
    .where('tasks.status', '=', status)
    .orderBy('tasks.created_at')
    .orderBy('tasks.seq')
    .limit(limit);
}

/** @throws TaskNotFound */
export async function readTask(db: Database, flow: Flow, taskId: string): Promise<TaskRow> {
  const row = await selectTasks(db, flow).where('tasks.id', '=', taskId).executeTakeFirst();
  if (!row) throw new TaskNotFound();
  return row;
}

/** @throws TaskNotFound */
export async function readStatus(db: Database, flow: Flow, taskId: string): Promise<Status> {
  const row = await db
    .selectFrom('tasks')
    .select('status')
    .where('id', '=', taskId)
    .where('type', '=', flow)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (!row) throw new TaskNotFound();
  return row.status;
}

/** Opens each task's credentials. One whose key is not in the ring is left out and logged: it must not hide the others. */
export function withSecrets<Row extends SealedRow & { id: string }>(
  context: ManagerContext,
  rows: Row[],
): [Row, Credentials][] {
  return rows.flatMap((row): [Row, Credentials][] => {
    try {
      return [[row, openSecrets(context.keys, row)]];
    } catch (error) {
      context.log.error({ err: error, task: row.id }, 'a task is left out: its credentials cannot be opened');
      return [];
    }
  });
}
