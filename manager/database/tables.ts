import type { Generated, GeneratedAlways, JSONColumnType, Kysely, Transaction } from 'kysely';
import type { EntityConnect, NewRequest } from '../../contracts/admin.ts';
import type { Status } from '../../contracts/flow-statuses.ts';
import type { Flow } from '../../contracts/flows.ts';

interface RequestsTable {
  id: string;
  /** bigint: a string from pg, a number from PGlite. */
  seq: GeneratedAlways<string | number>;
  type: Flow;
  website: string;
  profile: JSONColumnType<NewRequest['profile']>;
  entity_connect: JSONColumnType<EntityConnect> | null;
  max_retries: number;
  group_id: string;
  target: number;
  created_at: Generated<Date>;
}

interface TasksTable {
  id: string;
  seq: GeneratedAlways<string | number>;
  request_id: string;
  type: Flow;
  domain: string;
  /** The website as uniqueness sees it. */
  website_key: string;
  status: Status;
  email: string;
  username: string;
  about: string;
  link_profile: string;
  link_rss: Generated<string>;
  /** Sealed JSON of `Credentials`, as the request gave them. */
  secrets: Uint8Array;
  secrets_key: string;
  /** Sealed JSON of `Reported`, as the worker gave them. */
  reported: Uint8Array | null;
  reported_key: string | null;
  retry_count: Generated<number>;
  /** When the retry manager queues a failed task again; null when it won't. */
  retry_at: Date | null;
  created_at: Generated<Date>;
  started_at: Date | null;
  completed_at: Date | null;
  deleted_at: Date | null;
}

interface TaskHistoryTable {
  seq: GeneratedAlways<string | number>;
  task_id: string;
  from_status: string | null;
  to_status: string;
  at: Generated<Date>;
  actor: Actor;
  error_message: string | null;
  note: string | null;
}

export type Actor = 'worker' | 'admin' | 'manager';

interface MiniAppUsersTable {
  user_id: GeneratedAlways<string | number>;
  shop_id: string | number;
  seller_id: string | number;
  zalo_user_id: string;
  name: string;
  avatar: string;
  gender: string;
  email: string;
  mobile: string;
  username: string;
  secrets: Uint8Array;
  secrets_key: string;
  created_at: Generated<Date>;
}

export interface Tables {
  requests: RequestsTable;
  tasks: TasksTable;
  task_history: TaskHistoryTable;
  mini_app_users: MiniAppUsersTable;
}

export type Database = Kysely<Tables>;
export type DatabaseTransaction = Transaction<Tables>;
