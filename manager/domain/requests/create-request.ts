import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { NewRequest } from '../../../contracts/admin.ts';
import type { Status } from '../../../contracts/flow-statuses.ts';
import { flows, listPhases } from '../../../contracts/flows.ts';
import type { ManagerContext } from '../../context.ts';
import type { DatabaseTransaction } from '../../database/tables.ts';
import { DuplicateTask } from '../errors.ts';
import { makePassword } from '../password.ts';
import { refuseOverlong } from '../refuse-text.ts';
import { type Credentials, sealJson } from '../tasks/secrets.ts';
import { spin } from './spin.ts';
import { websiteKey } from './website-key.ts';

/** Bytes: what DNS allows. */
const longestDomain = 253;

/** Rows of one INSERT: PostgreSQL takes at most 65,535 parameters. */
const chunk = 1000;

/**
 * Makes a request and one task per account, in the order given, or nothing at all.
 *
 * @throws InvalidField for a text that its index can't hold, DuplicateTask when a live task of this type has the account already
 */
export async function createRequest(
  context: ManagerContext,
  asked: NewRequest,
): Promise<{ requestId: string; taskIds: string[] }> {
  const requestId = randomUUID();
  const key = websiteKey(asked.website);
  refuseOverlong('website', key);
  for (const [index, { domain, link_profile }] of asked.accounts.entries()) {
    refuseOverlong(`accounts.${index}.domain`, domain, longestDomain);
    refuseOverlong(`accounts.${index}.link_profile`, link_profile);
  }
  const tasks = asked.accounts.map((account) => makeTask(context, asked, account, requestId, key));

  await context.db.transaction().execute(async (trx) => {
    // Requests for one brand take turns: inserting the same accounts in different orders, they would deadlock.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`${asked.type} ${key}`}, 0))`.execute(trx);
    await trx
      .insertInto('requests')
      .values({
        id: requestId,
        type: asked.type,
        website: asked.website,
        profile: JSON.stringify(asked.profile),
        entity_connect: asked.type === 'entity' ? JSON.stringify(asked.entity_connect) : null,
        max_retries: asked.max_retries,
        group_id: asked.group_id || randomUUID(),
        target: tasks.length,
      })
      .execute();
    for (let start = 0; start < tasks.length; start += chunk) {
      await insertTasks(trx, tasks.slice(start, start + chunk), asked.website);
    }
  });
  return { requestId, taskIds: tasks.map(({ id }) => id) };
}

function makeTask(
  context: ManagerContext,
  asked: NewRequest,
  account: NewRequest['accounts'][number],
  requestId: string,
  key: string,
) {
  const credentials: Credentials = {
    password: account.password || makePassword(),
    pass_mail: account.pass_mail,
    twofa: account.twofa,
    app_password: account.app_password,
  };
  const { sealed, keyId } = sealJson(context.keys, credentials);
  const status = firstStatus(asked, account.link_profile);
  return {
    id: randomUUID(),
    request_id: requestId,
    type: asked.type,
    domain: account.domain,
    website_key: key,
    status,
    completed_at: status === 'completed' ? sql<Date>`now()` : null,
    email: account.email,
    username: account.username,
    about: spin(asked.profile.about),
    link_profile: account.link_profile,
    secrets: sealed,
    secrets_key: keyId,
  };
}
type NewTask = ReturnType<typeof makeTask>;

function firstStatus({ type, entity_connect }: NewRequest, linkProfile: string): Status {
  if (type !== 'entity' || linkProfile === '') return listPhases(type)[0].waiting;
  const { release, skip_connect } = flows.entity.managerMoves;
  return entity_connect.mode === 'disable' ? skip_connect.to : release.to;
}

async function insertTasks(trx: DatabaseTransaction, tasks: NewTask[], website: string): Promise<void> {
  const made = await trx
    .insertInto('tasks')
    .values(tasks)
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .execute();
  const ids = new Set(made.map(({ id }) => id));
  const left = tasks.find(({ id }) => !ids.has(id));
  if (left) throw new DuplicateTask(left.type, website, left.domain);
  await trx
    .insertInto('task_history')
    .values(tasks.map(({ id, status }) => ({ task_id: id, to_status: status, actor: 'admin' as const })))
    .execute();
}
