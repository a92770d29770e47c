import type { CompleteConnect, ConnectTaskAnswer, FailConnect } from '../../../contracts/entity.ts';
import type { Status } from '../../../contracts/flow-statuses.ts';
import { flows } from '../../../contracts/flows.ts';
import type { CompleteRegister, FailRegister, SocialTaskAnswer } from '../../../contracts/social.ts';
import type { ManagerContext } from '../../context.ts';
import { WrongStatusToRead } from '../errors.ts';
import { refuseOverlong } from '../refuse-text.ts';
import { readLinks } from './entity-links.ts';
import { type Move, moveTask } from './move.ts';
import { nextRetry } from './next-retry.ts';
import { readTask, selectWaiting, type TaskRow, withSecrets } from './read-tasks.ts';
import { lockRequestOf, releaseRegistered } from './register-phase.ts';
import { registerFailure, registerReport, replacing } from './reports.ts';
import { type Credentials, openSecrets } from './secrets.ts';
import { accountOf, profileOf } from './task-fields.ts';

const flow = 'entity';

export type EntityTaskAnswer = ConnectTaskAnswer | SocialTaskAnswer;

export async function pullEntity(
  context: ManagerContext,
  limit: number,
  status: 'register' | 'connect',
): Promise<EntityTaskAnswer[]> {
  const rows = await selectWaiting(context.db, flow, status, limit).execute();
  const links =
    status === 'connect'
      ? await readLinks(
          context.db,
          rows.map((row) => row.request_id),
        )
      : new Map<string, string[]>();
  return withSecrets(context, rows).map(([row, secrets]) => answer(row, secrets, links));
}

/** @throws TaskNotFound, WrongStatusToRead */
export async function readEntity(
  context: ManagerContext,
  id: string,
  expected: Status<'entity'>,
): Promise<EntityTaskAnswer> {
  const row = await readTask(context.db, flow, id);
  if (row.status !== expected) throw new WrongStatusToRead(flow, row.status, expected);
  const links = isConnect(row) ? await readLinks(context.db, [row.request_id]) : new Map<string, string[]>();
  return answer(row, openSecrets(context.keys, row), links);
}

export async function startEntity(context: ManagerContext, taskId: string): Promise<void> {
  await context.db
    .transaction()
    .execute((trx) => moveTask(context, trx, { flow, taskId, event: 'start', by: 'worker' }));
}

export async function completeRegisterPhase(
  context: ManagerContext,
  taskId: string,
  body: CompleteRegister,
): Promise<void> {
  await leaveRegisterPhase(context, {
    flow,
    taskId,
    event: 'complete',
    from: flows.entity.phases.register.working,
    by: 'worker',
    ...registerReport(body),
  });
}

export async function failRegisterPhase(context: ManagerContext, taskId: string, body: FailRegister): Promise<void> {
  await leaveRegisterPhase(context, { flow, taskId, by: 'worker', ...registerFailure(body) });
}

export async function completeConnectPhase(
  context: ManagerContext,
  taskId: string,
  body: CompleteConnect,
): Promise<void> {
  const { link_profile, link_post, note } = body;
  for (const [field, link] of Object.entries({ link_profile, link_post })) refuseOverlong(field, link);
  const set = { ...replacing({ link_profile }), ...replacing({ link_profile: link_post }) };
  await context.db.transaction().execute((trx) =>
    moveTask(context, trx, {
      flow,
      taskId,
      event: 'complete',
      from: flows.entity.phases.connect.working,
      by: 'worker',
      set,
      note,
    }),
  );
}

export async function failConnectPhase(context: ManagerContext, taskId: string, body: FailConnect): Promise<void> {
  await context.db.transaction().execute((trx) =>
    moveTask(context, trx, {
      flow,
      taskId,
      event: 'fail',
      by: 'worker',
      set: nextRetry(context.retryDelay),
      errorMessage: body.error_message,
      note: body.note,
    }),
  );
}

async function leaveRegisterPhase(context: ManagerContext, move: Move): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    const request = await lockRequestOf(trx, move.taskId);
    await moveTask(context, trx, move);
    await releaseRegistered(context, trx, request.id);
  });
}

function isConnect(row: TaskRow): boolean {
  return row.status === 'connect' || row.status === flows.entity.phases.connect.working;
}

function answer(row: TaskRow, secrets: Credentials, links: Map<string, string[]>): EntityTaskAnswer {
  const account = accountOf(row, secrets);
  if (!isConnect(row)) return { ...account, ...profileOf(row) };
  return {
    ...account,
    ...(row.link_profile && { link_profile: row.link_profile }),
    entity_connect: links.get(row.request_id) ?? [],
  };
}
