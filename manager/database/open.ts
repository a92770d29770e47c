import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Logger } from 'pino';
import { lockFolder } from './folder-lock.ts';
import { openPglitePool } from './pglite-pool.ts';
import type { Database, Tables } from './tables.ts';

/**
 * PostgreSQL at `url`, or the embedded PGlite in `folder` (in memory when neither is given).
 * Closing it (`destroy`) closes its connections.
 *
 * @throws FolderInUseError when another process has the folder open
 */
export async function openDatabase(place: {
  url?: string | undefined;
  folder?: string | undefined;
  logger?: Logger;
}): Promise<Database> {
  if (place.url) {
    const pool = new pg.Pool({ connectionString: place.url, connectionTimeoutMillis: 10_000, max: 10 });
    // Without listeners, a connection that breaks ends the process: the pool tells of one that nobody uses, the client
    // itself of one in use, whose query fails as well.
    pool.on('error', (error) => place.logger?.warn({ err: error }, 'a database connection broke'));
    pool.on('connect', (client) => client.on('error', () => {}));
    return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  }
  if (!place.folder) return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: await openPglitePool() }) });

  const unlock = lockFolder(place.folder);
  try {
    const pool = await openPglitePool(place.folder);
    const closing = {
      connect: () => pool.connect(),
      end: () => pool.end().finally(unlock),
    };
    return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: closing }) });
  } catch (error) {
    unlock();
    throw error;
  }
}
