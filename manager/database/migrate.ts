import { Migrator } from 'kysely';
import * as tasks from './migrations/001-tasks.ts';
import * as miniAppUsers from './migrations/002-mini-app-users.ts';
import type { Database } from './tables.ts';

const migrations = {
  '001-tasks': tasks,
  '002-mini-app-users': miniAppUsers,
};

/** Brings the database to this version's tables; of several managers that start at once, one does it and the others wait. */
export async function migrate(db: Database): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}
