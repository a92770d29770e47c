import { sql } from 'kysely';
import { flowNames, flows, listTransitions } from '../../../contracts/flows.ts';
import type { ManagerContext } from '../../context.ts';
import { lockRequestOf, releaseRegistered } from '../tasks/register-phase.ts';

/** Rows of one transaction. */
const batch = 500;
const shortestPause = 50;
const longestPause = 60_000;

/**
 * Queues failed tasks again when they are due, and ends the waiting of registered tasks. Any number of managers may do
 * this over one database: each row is taken by one of them.
 *
 * @returns a function that stops it, once the round under way has ended
 */
export function startRetryManager(context: ManagerContext): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round = Promise.resolve();
  // What fails from now on is due after a whole delay, so that this pause is never too long for it.
  const usualPause = Math.min(context.retryDelay, context.registerWait, longestPause);

  const next = (pause: number) => {
    if (stopped) return;
    timer = setTimeout(
      () => {
        round = run();
      },
      Math.max(pause, shortestPause),
    );
  };
  const run = async () => {
    try {
      await requeueDue(context);
      await releaseOverdue(context);
      next(Math.min(usualPause, await untilNextRetry(context)));
    } catch (error) {
      context.log.error({ err: error }, 'the retry manager could not do its round');
      next(Math.max(usualPause, 1000));
    }
  };
  next(0);

  return async () => {
    stopped = true;
    clearTimeout(timer);
    await round;
  };
}

const retries = flowNames.flatMap((flow) =>
  listTransitions(flow)
    .filter(({ event }) => event === 'retry')
    .map(({ from, to }) => sql`when due.type = ${sql.lit(flow)} and due.status = ${sql.lit(from)} then ${sql.lit(to)}`),
);

/** Puts every failed task whose time has come back into its queue; rows that another manager holds are left to it. */
async function requeueDue({ db }: ManagerContext): Promise<void> {
  for (let taken = batch; taken === batch;) {
    const { rows } = await sql`
      with due as (
        select id, type, status from tasks
        where retry_at <= now() and deleted_at is null
        order by retry_at limit ${batch}
        for update skip locked
      ), moved as (
        update tasks
        set retry_at = null, retry_count = retry_count + 1,
          status = case ${sql.join(retries, sql` `)} end
        from due where tasks.id = due.id and tasks.status = due.status
        returning tasks.id, due.status as from_status, tasks.status as to_status
      )
      insert into task_history (task_id, from_status, to_status, actor)
      select id, from_status, to_status, 'manager' from moved
      returning task_id`.execute(db);
    taken = rows.length;
  }
}

/** Sends on the registered tasks of requests that have waited long enough for the rest. */
async function releaseOverdue(context: ManagerContext): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    select distinct on (request_id) id from tasks
    where type = 'entity' and status = ${sql.lit(flows.entity.managerMoves.release.from)} and deleted_at is null
      and created_at <= now() - make_interval(secs => ${context.registerWait / 1000}::float8)`.execute(context.db);
  for (const { id } of rows) {
    await context.db.transaction().execute(async (trx) => {
      const request = await lockRequestOf(trx, id);
      await releaseRegistered(context, trx, request.id);
    });
  }
}

/** Milliseconds until the next retry is due; endless when there is none. */
async function untilNextRetry({ db }: ManagerContext): Promise<number> {
  const row = await db
    .selectFrom('tasks')
    .select(sql<number>`extract(epoch from retry_at - now())::float8 * 1000`.as('ms'))
    .where('retry_at', 'is not', null)
    .where('deleted_at', 'is', null)
    .orderBy('retry_at')
    .limit(1)
    .executeTakeFirst();
  return row ? Math.max(0, row.ms) : Infinity;
}
