import { sql } from 'kysely';
import type { RequestAnswer, RequestDetail, TaskDetail } from '../../../contracts/admin.ts';
import { ApiError, notFound } from '../../api-error.ts';
import type { ManagerContext } from '../../context.ts';
import type { Database } from '../../database/tables.ts';
import { maskSecrets, openSecrets } from './secrets.ts';
import { isFinished } from './states.ts';

const cursorForm = /^\d{1,18}$/;

/**
 * Requests, the youngest first, a page at a time by keyset.
 *
 * @throws ApiError 400 for a cursor that no earlier page gave
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
    if (!cursorForm.test(seq)) throw new ApiError(400, 'cursor: is not one that this list gave');
    query = query.where('seq', '<', seq);
  }
  const rows = await query.execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    data: await withCounts(db, page),
    next_cursor: rows.length > limit && last ? Buffer.from(String(last.seq)).toString('base64url') : null,
  };
}

/** @throws ApiError 404 */
export async function readRequest(db: Database, id: string): Promise<RequestDetail> {
  const row = await selectRequests(db).where('id', '=', id).executeTakeFirst();
  if (!row) throw new ApiError(404, 'request not found');
  const [request] = await withCounts(db, [row]);
  const tasks = await db
    .selectFrom('tasks')
    .select(['id', 'domain', 'status', 'retry_count', 'link_profile'])
    .select(({ selectFrom }) =>
      selectFrom('task_history')
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
  return { ...request!, entity_connect: row.entity_connect, max_retries: row.max_retries, tasks };
}

/** One task with its history, its secrets masked; @throws ApiError 404 */
export async function readTaskDetail(context: ManagerContext, id: string): Promise<TaskDetail> {
  const row = await context.db
    .selectFrom('tasks')
    .innerJoin('requests', 'requests.id', 'tasks.request_id')
    .selectAll('tasks')
    .select('requests.website')
    .where('tasks.id', '=', id)
    .where('tasks.deleted_at', 'is', null)
    .executeTakeFirst();
  if (!row) throw notFound();
  const history = await context.db
    .selectFrom('task_history')
    .selectAll()
    .where('task_id', '=', id)
    .orderBy('seq')
    .execute();
  return {
    id: row.id,
    request_id: row.request_id,
    type: row.type,
    domain: row.domain,
    website: row.website,
    status: row.status,
    retry_count: row.retry_count,
    retry_at: row.retry_at?.toISOString() ?? null,
    email: row.email,
    username: row.username,
    about: row.about,
    link_profile: row.link_profile,
    link_rss: row.link_rss,
    ...maskSecrets(openSecrets(context.keys, row)),
    created_at: row.created_at.toISOString(),
    started_at: row.started_at?.toISOString() ?? null,
    history: history.map(({ from_status, to_status, at, actor, error_message, note }) => ({
      from: from_status,
      to: to_status,
      at: at.toISOString(),
      by: actor,
      error_message,
      note,
    })),
  };
}

function selectRequests(db: Database) {
  return db
    .selectFrom('requests')
    .select(['id', 'seq', 'type', 'website', 'entity_connect', 'max_retries', 'group_id', 'target', 'created_at']);
}
type RequestRow = Awaited<ReturnType<ReturnType<typeof selectRequests>['executeTakeFirstOrThrow']>>;

async function withCounts(db: Database, rows: RequestRow[]): Promise<RequestAnswer[]> {
  if (rows.length === 0) return [];
  const groups = await db
    .selectFrom('tasks')
    .select([
      'request_id',
      'status',
      sql<number>`count(*)::int`.as('tasks'),
      sql<number>`count(retry_at)::int`.as('to_retry'),
    ])
    .where(
      'request_id',
      'in',
      rows.map(({ id }) => id),
    )
    .where('deleted_at', 'is', null)
    .groupBy(['request_id', 'status'])
    .execute();
  const byRequest = new Map(rows.map(({ id }) => [id, [] as typeof groups]));
  for (const group of groups) byRequest.get(group.request_id)!.push(group);
  return rows.map((row) => {
    const own = byRequest.get(row.id)!;
    return {
      id: row.id,
      type: row.type,
      website: row.website,
      status: own.every(({ status, to_retry }) => isFinished(row.type, status) && to_retry === 0)
        ? 'completed'
        : 'open',
      counts: Object.fromEntries(own.map(({ status, tasks }) => [status, tasks])),
      target: row.target,
      group_id: row.group_id,
      created_at: row.created_at.toISOString(),
    };
  });
}
