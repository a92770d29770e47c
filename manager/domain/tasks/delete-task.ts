import { sql } from 'kysely';
import type { ManagerContext } from '../../context.ts';
import { TaskNotFound } from '../errors.ts';
import { lockRequestOf, releaseRegistered } from './register-phase.ts';

/**
 * Soft-deletes a task, whatever its status; the others of its request may have waited for it.
 *
 * @throws TaskNotFound
 */
export async function deleteTask(context: ManagerContext, taskId: string): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    const request = await lockRequestOf(trx, taskId);
    const deleted = await trx
      .updateTable('tasks')
      .set({ deleted_at: sql<Date>`now()`, retry_at: null })
      .where('id', '=', taskId)
      .where('deleted_at', 'is', null)
      .returning('status')
      .executeTakeFirst();
    if (!deleted) throw new TaskNotFound();
    await trx
      .insertInto('task_history')
      .values({ task_id: taskId, from_status: deleted.status, to_status: 'deleted', actor: 'admin' })
      .execute();
    if (request.type === 'entity') await releaseRegistered(context, trx, request.id);
  });
}
