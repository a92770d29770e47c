import { PGlite } from '@electric-sql/pglite';
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';

/**
 * PGlite as the pool that Kysely's PostgreSQL dialect asks for. PGlite has one connection, so whoever holds it (for a
 * query or a whole transaction) makes the others wait in turn.
 *
 * @param folder where the database lives; in memory without one
 */
export async function openPglitePool(folder?: string): Promise<PostgresPool> {
  const pglite = await PGlite.create(folder);
  let turn = Promise.resolve();

  return {
    async connect() {
      const before = turn;
      let release!: () => void;
      turn = new Promise((resolve) => (release = resolve));
      await before;
      return { query: query as PostgresPoolClient['query'], release };
    },
    async end() {
      await turn;
      await pglite.close();
    },
  };

  async function query(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<unknown>> {
    const { rows, affectedRows } = await pglite.query(text, [...parameters]);
    return {
      command: text.trimStart().slice(0, 6).toUpperCase() as PostgresQueryResult<unknown>['command'],
      rowCount: affectedRows ?? 0,
      rows,
    };
  }
}
