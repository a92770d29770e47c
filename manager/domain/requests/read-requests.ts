import { sql } from 'kysely';
import type { RequestAnswer, RequestDetail } from '../../../contracts/admin.ts';
import type { Status } from '../../../contracts/flow-statuses.ts';
import type { Database } from '../../database/tables.ts';
import { InvalidField, RequestNotFound } from '../errors.ts';
import { isFinished } from '../tasks/find-transitions.ts';

const cursorForm = /^\d{1,18}$/;

/**
 * Requests, newest first, a page at a time by keyset.
 *
 * @throws InvalidField for a cursor that no earlier page gave
 */
export async function listRequests(
  db: Database,
  limit: number,
  cursor?: string,
): Promise<{ data: RequestAnswer[]; next_cursor: string | null }> {
  let query = selectRequests(db)
    .orderBy('seq', 'desc')
    .limit(limit + 1);
  if (cursor !== undefined) {
    const seq = Buffer.from(cursor, 'base64url').toString('latin1');
    if (!cursorForm.test(seq)) throw new InvalidField('cursor', 'is not one that this list gave');
    query = query.where('seq', '<', seq);
  }
  const rows = await query.execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const counts = await countTasks(
    db,
    page.map(({ id }) => id),
  );
  return {
    data: page.map((row) => summarize(row, counts.get(row.id))),
    next_cursor: rows.length > limit && last ? Buffer.from(String(last.seq)).toString('base64url') : null,
  };
}

/** @throws RequestNotFound */
export async function readRequest(db: Database, id: string): Promise<RequestDetail> {
  const row = await selectRequests(db).where('id', '=', id).executeTakeFirst();
  if (!row) throw new RequestNotFound();
  const counts = await countTasks(db, [id]);
  const tasks = await db
    .selectFrom('tasks')
    .select(['id', 'domain', 'status', 'retry_count', 'link_profile'])
    .select((tasksOf) =>
      tasksOf
        .selectFrom('task_history')
        .select('error_message')
        .whereRef('task_id', '=', 'tasks.id')
        .where('error_message', 'is not', null)
        .orderBy('seq', 'desc')
        .limit(1)
        .as('error_message'),
    )
    .where('request_id', '=', id)
    .where('deleted_at', 'is', null)
    .orderBy('seq')
    .execute();
  return { ...summarize(row, counts.get(id)), entity_connect: row.entity_connect, max_retries: row.max_retries, tasks };
}

function selectRequests(db: Database) {
  return db
    .selectFrom('requests')
    .select(['id', 'seq', 'type', 'website', 'entity_connect', 'max_retries', 'group_id', 'target', 'created_at']);
}
type RequestRow = Awaited<ReturnType<ReturnType<typeof selectRequests>['executeTakeFirstOrThrow']>>;

interface StatusCount {
  request_id: string;
  status: Status;
  tasks: number;
  to_retry: number;
}

/** Of each request that has live tasks, how many are in each status. */
async function countTasks(db: Database, requestIds: string[]): Promise<Map<string, StatusCount[]>> {
  const counts = new Map<string, StatusCount[]>();
  if (requestIds.length === 0) return counts;
  const rows = await db
    .selectFrom('tasks')
    .select([
      'request_id',
      'status',
      sql<number>`count(*)::int`.as('tasks'),
      sql<number>`count(retry_at)::int`.as('to_retry'),
    ])
    .where('request_id', 'in', requestIds)
    .where('deleted_at', 'is', null)
    .groupBy(['request_id', 'status'])
    .execute();
  for (const row of rows) counts.set(row.request_id, [...(counts.get(row.request_id) ?? []), row]);
  return counts;
}

function summarize(row: RequestRow, counts: StatusCount[] = []): RequestAnswer {
  const isDone = counts.every(({ status, to_retry }) => isFinished(row.type, status) && to_retry === 0);
  return {
    id: row.id,
    type: row.type,
    website: row.website,
    status: isDone ? 'completed' : 'open',
    counts: Object.fromEntries(counts.map(({ status, tasks }) => [status, tasks])),
    target: row.target,
    group_id: row.group_id,
    created_at: row.created_at.toISOString(),
  };
}
