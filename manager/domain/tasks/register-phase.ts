import { sql } from 'kysely';
import { flows } from '../../../contracts/flows.ts';
import type { ManagerContext } from '../../context.ts';
import type { DatabaseTransaction } from '../../database/tables.ts';
import { TaskNotFound } from '../errors.ts';

const { release, skip_connect } = flows.entity.managerMoves;
const { register } = flows.entity.phases;

/**
 * Locks the request of a task. What ends a task's register phase does this first: two last completes at once would each
 * see the other still at work, and nobody would release their request.
 *
 * @throws TaskNotFound
 */
export async function lockRequestOf(trx: DatabaseTransaction, taskId: string) {
  const request = await trx
    .selectFrom('requests')
    .innerJoin('tasks', 'tasks.request_id', 'requests.id')
    .select(['requests.id', 'requests.type'])
    .where('tasks.id', '=', taskId)
    .where('tasks.deleted_at', 'is', null)
    .forUpdate('requests')
    .executeTakeFirst();
  if (!request) throw new TaskNotFound();
  return request;
}

/**
 * Sends an entity request's registered tasks on to `connect`, once none of its tasks is in the register phase any more
 * or its waiting time is over; under `disable` to `completed`, at once. The caller holds the request's lock.
 */
export async function releaseRegistered(
  context: ManagerContext,
  trx: DatabaseTransaction,
  requestId: string,
): Promise<void> {
  await sql`
    with moved as (
      update tasks
      set
        status = case requests.entity_connect->>'mode' when 'disable' then ${sql.lit(skip_connect.to)} else ${sql.lit(release.to)} end,
        completed_at = case requests.entity_connect->>'mode' when 'disable' then now() end
      from requests
      where requests.id = ${requestId} and tasks.request_id = requests.id
        and tasks.type = 'entity' and tasks.status = ${sql.lit(release.from)} and tasks.deleted_at is null
        and (
          requests.entity_connect->>'mode' = 'disable'
          or requests.created_at <= now() - make_interval(secs => ${context.registerWait / 1000}::float8)
          or not exists (
            select from tasks other
            where other.request_id = ${requestId} and other.type = 'entity'
              and other.status in ('register', ${sql.lit(register.working)}) and other.deleted_at is null
          )
        )
      returning tasks.id, tasks.status
    )
    insert into task_history (task_id, from_status, to_status, actor)
    select id, ${sql.lit(release.from)}, status, 'manager' from moved`.execute(trx);
}
