import type { Flow, Status } from '../../../contracts/flows.ts';
import { notFound } from '../../api-error.ts';
import type { ManagerContext } from '../../context.ts';
import type { Database } from '../../database/tables.ts';
import type { Credentials, SealedRow } from './secrets.ts';
import { openSecrets } from './secrets.ts';

/** Tasks with what their request says of all of them, deleted ones left out. */
export function selectTasks(db: Database, flow: Flow) {
  return db
    .selectFrom('tasks')
    .innerJoin('requests', 'requests.id', 'tasks.request_id')
    .where('tasks.type', '=', flow)
    .where('tasks.deleted_at', 'is', null)
    .select([
      'tasks.id',
      'tasks.request_id',
      'tasks.domain',
      'tasks.status',
      'tasks.email',
      'tasks.username',
      'tasks.about',
      'tasks.link_profile',
      'tasks.secrets',
      'tasks.secrets_key',
      'tasks.reported',
      'tasks.reported_key',
      'requests.website',
      'requests.profile',
      'requests.group_id',
      'requests.target',
    ]);
}
export type TaskRow = Awaited<ReturnType<ReturnType<typeof selectTasks>['executeTakeFirstOrThrow']>>;

/** The oldest tasks that wait in a status: one scan of the index `tasks_waiting`, however many tasks there are. */
export function selectWaiting(db: Database, flow: Flow, status: Status, limit: number) {
  return selectTasks(db, flow)
    .where('tasks.status', '=', status)
    .orderBy('tasks.created_at')
    .orderBy('tasks.seq')
    .limit(limit);
}

/** @throws ApiError 404 for a task that is unknown or deleted */
export async function readTask(db: Database, flow: Flow, taskId: string): Promise<TaskRow> {
  const row = await selectTasks(db, flow).where('tasks.id', '=', taskId).executeTakeFirst();
  if (!row) throw notFound();
  return row;
}

/** What every flow answers of a task. */
export function accountOf(row: TaskRow, secrets: Credentials) {
  return {
    id: row.id,
    request_id: row.request_id,
    domain: row.domain,
    website: row.website,
    email: row.email,
    username: row.username,
    pass_mail: secrets.pass_mail,
    twofa: secrets.twofa,
    app_password: secrets.app_password,
    password: secrets.password,
  };
}

/** What the register phases add: what to furnish the profile with. */
export function profileOf({ profile, about }: TaskRow) {
  const groups = [
    { type: 'avatar' as const, url: profile.avatar_url },
    { type: 'cover' as const, url: profile.cover_url },
  ];
  return {
    first_name: profile.first_name,
    last_name: profile.last_name,
    phone: profile.phone,
    address: profile.address,
    location: profile.location,
    about,
    avatar_url: profile.avatar_url,
    cover_url: profile.cover_url,
    social_connect: profile.social_connect,
    images: groups.filter(({ url }) => url !== '').map(({ type, url }) => ({ type, urls: [url] })),
  };
}

/** Opens each task's credentials. One whose key is not in the ring is left out and logged: it must not hide the others. */
export function withSecrets<Row extends SealedRow & { id: string }>(
  context: ManagerContext,
  rows: Row[],
): [Row, Credentials][] {
  return rows.flatMap((row): [Row, Credentials][] => {
    try {
      return [[row, openSecrets(context.keys, row)]];
    } catch (error) {
      context.log.error({ err: error, task: row.id }, 'a task is left out: its credentials cannot be opened');
      return [];
    }
  });
}
