import { Migrator } from 'kysely';
import { up as makeTasks } from './migrations/001-tasks.ts';
import { up as makeMiniAppUsers } from './migrations/002-mini-app-users.ts';
import type { Database } from './tables.ts';

const migrations = {
  '001-tasks': { up: makeTasks },
  '002-mini-app-users': { up: makeMiniAppUsers },
};

/** Brings the database to this version's tables; of several managers that start at once, one does it and the others wait. */
export async function migrate(db: Database): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error as Error;
}
