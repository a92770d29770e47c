import pg from 'pg';
import type { Flow } from '../../contracts/flows.ts';
import { type EnlistUnderFaults, shopId } from './enlist-under-faults.ts';

/** A task as the manager's books have it. */
export interface BookedTask {
  id: string;
  type: Flow;
  domain: string;
  status: string;
  username: string;
  email: string;
  link_profile: string;
  link_rss: string;
  request_id: string;
  due: boolean;
  history: { from: string | null; to: string; by: string; error: string | null }[];
}

export interface Books {
  tasks: BookedTask[];
  /** `zalo_user_id` of every mini-app user. */
  users: string[];
}

/** Reads the manager's database itself, whatever becomes of the manager. */
export async function readBooks({ databaseUrl }: Pick<EnlistUnderFaults, 'databaseUrl'>): Promise<Books> {
  const db = new pg.Client({ connectionString: databaseUrl });
  await db.connect();
  try {
    const tasks = await db.query<BookedTask>(`
      select id, type, domain, status, username, email, link_profile, link_rss, request_id, retry_at is not null as due,
        (select json_agg(json_build_object('from', from_status, 'to', to_status, 'by', actor, 'error', error_message) order by seq)
         from task_history where task_id = tasks.id) as history
      from tasks order by seq`);
    const users = await db.query<{ zalo_user_id: string }>(
      'select zalo_user_id from mini_app_users where shop_id = $1',
      [shopId],
    );
    return { tasks: tasks.rows, users: users.rows.map(({ zalo_user_id: id }) => id) };
  } finally {
    await db.end();
  }
}

const over = ['completed', 'active', 'final_failed'];

/** The tasks that something is still to happen to. Sub-sites wait for ever for a main site that failed for good. */
export function listUnfinished({ tasks }: Books): BookedTask[] {
  const failedMains = tasks.filter(
    ({ type, domain, status }) => type === 'podcast' && domain === 'host.practice.test' && status === 'final_failed',
  );
  return tasks.filter((task) => {
    if (over.includes(task.status) || (task.status === 'connect_failed' && !task.due)) return false;
    return !(task.status === 'pending' && failedMains.some(({ request_id: request }) => request === task.request_id));
  });
}
