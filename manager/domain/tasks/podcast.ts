import { sql } from 'kysely';
import type { CompletePodcast, FailPodcast, PodcastTaskAnswer } from '../../../contracts/podcast.ts';
import type { ManagerContext } from '../../context.ts';
import { InvalidField, WrongStatus } from '../errors.ts';
import { moveTask } from './move.ts';
import { nextRetry } from './next-retry.ts';
import { readStatus, readTask, selectTasks, selectWaiting, type TaskRow, withSecrets } from './read-tasks.ts';
import { registerReport } from './reports.ts';
import { type Credentials, openSecrets } from './secrets.ts';
import { accountOf } from './task-fields.ts';

const flow = 'podcast';

/** Main sites first, each group the oldest first. The others are looked at only when no main site's task is left out. */
export async function pullPodcast(context: ManagerContext, limit: number): Promise<PodcastTaskAnswer[]> {
  const mains = await selectWaitingMains(context, limit).execute();
  const others =
    mains.length < limit
      ? await selectWaiting(context.db, flow, 'pending', limit - mains.length)
          .where('tasks.domain', 'not in', domainsOf(context))
          .execute()
      : [];
  const rows = [...mains, ...others];
  const feeds = await readFeeds(context, rows);
  return withSecrets(context, rows).map(([row, secrets]) => answer(context, row, secrets, feeds));
}

/** @throws TaskNotFound */
export async function readPodcast(context: ManagerContext, id: string): Promise<PodcastTaskAnswer> {
  const row = await readTask(context.db, flow, id);
  return answer(context, row, openSecrets(context.keys, row), await readFeeds(context, [row]));
}

/** Idempotent: a running task stays as it is, its `started_at` too. */
export async function startPodcast(context: ManagerContext, taskId: string): Promise<void> {
  try {
    await context.db
      .transaction()
      .execute((trx) => moveTask(context, trx, { flow, taskId, event: 'start', by: 'worker' }));
  } catch (error) {
    if (error instanceof WrongStatus && error.current === 'running') return;
    throw error;
  }
}

/** @throws TaskNotFound, WrongStatus, and InvalidField when a main site reports no feed */
export async function completePodcast(context: ManagerContext, taskId: string, body: CompletePodcast): Promise<void> {
  const status = await readStatus(context.db, flow, taskId);
  if (status !== 'running') throw new WrongStatus(status, 'running');
  const { domain } = await readTask(context.db, flow, taskId);
  if (isMain(context, domain) && !body.link_rss?.trim())
    throw new InvalidField('link_rss', 'is required on a main site');
  await context.db
    .transaction()
    .execute((trx) =>
      moveTask(context, trx, { flow, taskId, event: 'complete', by: 'worker', ...registerReport(body) }),
    );
}

/** The task waits as `failed` for its retry; without one left it is `final_failed` at once. */
export async function failPodcast(context: ManagerContext, taskId: string, body: FailPodcast): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    const failed = await moveTask(context, trx, {
      flow,
      taskId,
      event: 'fail',
      by: 'worker',
      set: nextRetry(context.retryDelay),
      errorMessage: body.error_message,
      note: body.note,
    });
    if (failed.retry_at === null) await moveTask(context, trx, { flow, taskId, event: 'give_up', by: 'manager' });
  });
}

const isMain = (context: ManagerContext, domain: string) => context.mainDomains.includes(domain);

// An empty list is no SQL.
const domainsOf = ({ mainDomains }: ManagerContext) => (mainDomains.length > 0 ? mainDomains : ['']);

function selectWaitingMains(context: ManagerContext, limit: number) {
  const heads = sql<{ id: string }>`(
    select head.id
    from unnest(array[${sql.join(domainsOf(context))}]::text[]) as main(domain)
    cross join lateral (
      select id, created_at, seq from tasks
      where domain = main.domain and type = 'podcast' and status = 'pending' and deleted_at is null
      order by created_at, seq limit ${limit}
    ) head
    order by head.created_at, head.seq limit ${limit}
  )`.as<'heads'>('heads');
  return selectTasks(context.db, flow)
    .innerJoin(heads, (join) => join.onRef('heads.id', '=', 'tasks.id'))
    .orderBy('tasks.created_at')
    .orderBy('tasks.seq');
}

/** Of each request, the feed of the main site that was completed first. */
async function readFeeds(context: ManagerContext, rows: TaskRow[]): Promise<Map<string, string>> {
  const ids = [...new Set(rows.filter(({ domain }) => !isMain(context, domain)).map((row) => row.request_id))];
  if (ids.length === 0) return new Map();
  const feeds = await context.db
    .selectFrom('tasks')
    .distinctOn('request_id')
    .select(['request_id', 'link_rss'])
    .where('request_id', 'in', ids)
    .where('link_rss', '<>', '')
    .where('deleted_at', 'is', null)
    .where('domain', 'in', domainsOf(context))
    .orderBy('request_id')
    .orderBy('completed_at')
    .execute();
  return new Map(feeds.map(({ request_id, link_rss }) => [request_id, link_rss]));
}

function answer(
  context: ManagerContext,
  row: TaskRow,
  secrets: Credentials,
  feeds: Map<string, string>,
): PodcastTaskAnswer {
  return {
    ...accountOf(row, secrets),
    type_request: 'register',
    about: row.about,
    image_url: row.profile.image_url,
    link_rss: isMain(context, row.domain) ? '' : (feeds.get(row.request_id) ?? ''),
    group_id: row.group_id,
    target: row.target,
  };
}
