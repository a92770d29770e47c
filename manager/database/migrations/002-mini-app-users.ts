import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table mini_app_users (
      user_id bigint generated always as identity primary key,
      shop_id bigint not null,
      seller_id bigint not null,
      zalo_user_id text not null,
      name text not null,
      avatar text not null,
      gender text not null,
      email text not null,
      mobile text not null,
      username text not null,
      secrets bytea not null,
      secrets_key text not null,
      created_at timestamptz not null default now(),
      unique (shop_id, zalo_user_id)
    )`.execute(db);
}
