import { sql, type UpdateObject } from 'kysely';
import type { Status } from '../../../contracts/flow-statuses.ts';
import type { Event, Flow } from '../../../contracts/flows.ts';
import type { ManagerContext } from '../../context.ts';
import type { Actor, DatabaseTransaction, Tables } from '../../database/tables.ts';
import { WrongStatus } from '../errors.ts';
import { expectedBefore, transitionsOf } from './find-transitions.ts';
import { readStatus } from './read-tasks.ts';
import { redact, type Reported, sealJson } from './secrets.ts';

export interface Move {
  flow: Flow;
  taskId: string;
  event: Event;
  /** When an event has several statuses before it: the one that the caller checked the body for. */
  from?: Status;
  by: Actor;
  set?: UpdateObject<Tables, 'tasks'>;
  reported?: Reported;
  errorMessage?: string | null | undefined;
  note?: string | null | undefined;
}

/**
 * Makes one transition: one conditional update, so that of two simultaneous ones exactly one wins, and its history row.
 *
 * @returns the task's new status, and when it will be tried again
 * @throws TaskNotFound, WrongStatus
 */
export async function moveTask(
  context: ManagerContext,
  trx: DatabaseTransaction,
  move: Move,
): Promise<{ status: Status; retry_at: Date | null }> {
  const possible = transitionsOf(move.flow, move.event).filter(({ from }) => from === (move.from ?? from));
  const next = sql<Status>`case status ${sql.join(
    possible.map(({ from, to }) => sql`when ${sql.lit(from)} then ${sql.lit(to)}`),
    sql` `,
  )} end`;
  const sealed = move.reported && sealJson(context.keys, move.reported);

  const moved = await trx
    .updateTable('tasks')
    .set({
      ...move.set,
      ...(sealed && { reported: sealed.sealed, reported_key: sealed.keyId }),
      ...(move.event === 'start' && { started_at: sql<Date>`now()` }),
      ...(possible.every(({ to }) => to === 'completed') && { completed_at: sql<Date>`now()` }),
      status: next,
    })
    .where('id', '=', move.taskId)
    .where('type', '=', move.flow)
    .where('deleted_at', 'is', null)
    .where(
      'status',
      'in',
      possible.map(({ from }) => from),
    )
    .returning(['status', 'retry_at', 'secrets', 'secrets_key', 'reported', 'reported_key'])
    .executeTakeFirst();
  if (!moved) throw await refuseMove(trx, move);

  const withoutSecrets = (text: string | null | undefined) => (text ? redact(context.keys, moved, text) : null);
  await trx
    .insertInto('task_history')
    .values({
      task_id: move.taskId,
      from_status: possible.find(({ to }) => to === moved.status)?.from ?? null,
      to_status: moved.status,
      actor: move.by,
      error_message: withoutSecrets(move.errorMessage),
      note: withoutSecrets(move.note),
    })
    .execute();
  return moved;
}

async function refuseMove(trx: DatabaseTransaction, { flow, taskId, event }: Move): Promise<WrongStatus> {
  const current = await readStatus(trx, flow, taskId);
  return new WrongStatus(current, expectedBefore(flow, event, current));
}
