import type { Status } from '../../../contracts/flows.ts';
import type { CompleteRegister, FailRegister, SocialTaskAnswer } from '../../../contracts/social.ts';
import type { ManagerContext } from '../../context.ts';
import { WrongStatusToRead } from '../errors.ts';
import { moveTask } from './move.ts';
import { readTask, selectWaiting, type TaskRow, withSecrets } from './read-tasks.ts';
import { registerFailure, registerReport } from './reports.ts';
import { type Credentials, openSecrets } from './secrets.ts';
import { accountOf, profileOf } from './task-fields.ts';

const flow = 'social';

export async function pullSocial(context: ManagerContext, limit: number): Promise<SocialTaskAnswer[]> {
  const rows = await selectWaiting(context.db, flow, 'register', limit).execute();
  return withSecrets(context, rows).map(([row, secrets]) => answer(row, secrets));
}

/** @throws TaskNotFound, WrongStatusToRead */
export async function readSocial(
  context: ManagerContext,
  id: string,
  expected: Status<'social'>,
): Promise<SocialTaskAnswer> {
  const row = await readTask(context.db, flow, id);
  if (row.status !== expected) throw new WrongStatusToRead(flow, row.status, expected);
  return answer(row, openSecrets(context.keys, row));
}

export async function startSocial(context: ManagerContext, taskId: string): Promise<void> {
  await context.db
    .transaction()
    .execute((trx) => moveTask(context, trx, { flow, taskId, event: 'start', by: 'worker' }));
}

export async function completeSocial(context: ManagerContext, taskId: string, body: CompleteRegister): Promise<void> {
  await context.db
    .transaction()
    .execute((trx) =>
      moveTask(context, trx, { flow, taskId, event: 'complete', by: 'worker', ...registerReport(body) }),
    );
}

export async function failSocial(context: ManagerContext, taskId: string, body: FailRegister): Promise<void> {
  await context.db
    .transaction()
    .execute((trx) => moveTask(context, trx, { flow, taskId, by: 'worker', ...registerFailure(body) }));
}

function answer(row: TaskRow, secrets: Credentials): SocialTaskAnswer {
  return { ...accountOf(row, secrets), ...profileOf(row) };
}
