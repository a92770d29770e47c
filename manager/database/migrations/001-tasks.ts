import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table requests (
      id uuid primary key,
      seq bigint generated always as identity unique,
      type text not null,
      website text not null,
      profile jsonb not null,
      entity_connect jsonb,
      max_retries int not null,
      group_id text not null,
      target int not null,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table tasks (
      id uuid primary key,
      seq bigint generated always as identity unique,
      request_id uuid not null references requests,
      type text not null,
      domain text not null,
      website_key text not null,
      status text not null,
      email text not null,
      username text not null,
      about text not null,
      link_profile text not null,
      link_rss text not null default '',
      secrets bytea not null,
      secrets_key text not null,
      reported bytea,
      reported_key text,
      retry_count int not null default 0,
      retry_at timestamptz,
      created_at timestamptz not null default now(),
      started_at timestamptz,
      completed_at timestamptz,
      deleted_at timestamptz
    )`.execute(db);
  await sql`
    create table task_history (
      seq bigint generated always as identity primary key,
      task_id uuid not null references tasks,
      from_status text,
      to_status text not null,
      at timestamptz not null default clock_timestamp(),
      actor text not null,
      error_message text,
      note text
    )`.execute(db);

  // One account per brand and site.
  await sql`
    create unique index tasks_one_account on tasks (type, website_key, domain)
    where deleted_at is null and status <> 'final_failed'`.execute(db);
  // Every pull reads the head of one of these two, however many tasks are done.
  await sql`
    create index tasks_waiting on tasks (type, status, created_at, seq)
    where deleted_at is null and status in ('register', 'connect', 'pending')`.execute(db);
  await sql`
    create index tasks_waiting_of_domain on tasks (domain, created_at, seq)
    where deleted_at is null and type = 'podcast' and status = 'pending'`.execute(db);
  await sql`create index tasks_of_request on tasks (request_id, seq)`.execute(db);
  await sql`
    create index tasks_links on tasks (request_id, created_at, seq) include (link_profile)
    where deleted_at is null and link_profile <> ''`.execute(db);
  await sql`
    create index tasks_feeds on tasks (request_id)
    where deleted_at is null and link_rss <> ''`.execute(db);
  await sql`
    create index tasks_in_register_phase on tasks (request_id)
    where deleted_at is null and type = 'entity' and status in ('register', 'registering')`.execute(db);
  await sql`
    create index tasks_registered on tasks (created_at)
    where deleted_at is null and type = 'entity' and status = 'registered'`.execute(db);
  await sql`
    create index tasks_to_retry on tasks (retry_at)
    where deleted_at is null and retry_at is not null`.execute(db);
  await sql`create index task_history_of_task on task_history (task_id, seq)`.execute(db);
}
