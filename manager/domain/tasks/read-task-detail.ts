import type { TaskDetail } from '../../../contracts/admin.ts';
import type { ManagerContext } from '../../context.ts';
import { TaskNotFound } from '../errors.ts';
import { maskSecrets, openSecrets } from './secrets.ts';

/**
 * One task with its history, its secrets masked.
 *
 * @throws TaskNotFound
 */
export async function readTaskDetail(context: ManagerContext, id: string): Promise<TaskDetail> {
  const row = await context.db
    .selectFrom('tasks')
    .innerJoin('requests', 'requests.id', 'tasks.request_id')
    .selectAll('tasks')
    .select('requests.website')
    .where('tasks.id', '=', id)
    .where('tasks.deleted_at', 'is', null)
    .executeTakeFirst();
  if (!row) throw new TaskNotFound();
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
