import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { KeyRing } from '../../config/key-ring.ts';
import type { NewRequestInput } from '../../contracts/admin.ts';
import { migrate } from '../../manager/database/migrate.ts';
import { openDatabase } from '../../manager/database/open.ts';
import type { Database } from '../../manager/database/tables.ts';
import { type AppOptions, buildApp } from '../../manager/http/app.ts';
import { appDefaults } from '../support/app-defaults.ts';
import { missingPostgres, type PostgresCluster, startPostgres } from '../support/postgres.ts';

export const workerKey = 'worker-key-of-the-tests';
export const adminKey = 'admin-key-of-the-tests';
export const miniAppSecret = 'mini-app-secret-of-the-tests-0123456789';
export const keyText = `test:${randomBytes(32).toString('base64')}`;

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are what the tests are about
export type Json = any;

export interface Answer {
  status: number;
  body: Json;
  headers: Headers;
}

export interface CallOptions {
  key?: string | null;
  /** A string is sent as it is. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** A manager that listens, and its API as the tests call it. */
export class Manager {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async call(method: string, path: string, { key = workerKey, body, headers }: CallOptions = {}): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(key !== null && { 'X-API-Key': key }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text, headers: response.headers };
  }

  get(path: string, options?: CallOptions): Promise<Answer> {
    return this.call('GET', path, options);
  }

  post(path: string, body?: unknown, options?: CallOptions): Promise<Answer> {
    return this.call('POST', path, { body, ...options });
  }

  admin(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.call(method, `/api/v1/admin${path}`, { key: adminKey, body });
  }

  /** Makes a request that must be accepted. */
  async make(
    request: Omit<NewRequestInput, 'website'> & { website?: string },
  ): Promise<{ requestId: string; ids: string[] }> {
    const { status, body } = await this.admin('POST', '/requests', { website: 'https://brand.example', ...request });
    if (status !== 201) throw new Error(`request refused: ${status} ${JSON.stringify(body)}`);
    return { requestId: body.data.request_id, ids: body.data.task_ids };
  }

  async status(taskId: string): Promise<string> {
    return (await this.admin('GET', `/tasks/${taskId}`)).body.data.status;
  }

  async history(taskId: string): Promise<string[]> {
    const { body } = await this.admin('GET', `/tasks/${taskId}`);
    return body.data.history.map((row: Json) => `${row.from} → ${row.to} by ${row.by}`);
  }
}

export interface Bench {
  manager: Manager;
  db: Database;
  /** One more manager over the same database, until the test ends. */
  another(options?: Partial<AppOptions>): Promise<Manager>;
  /** Makes each row of a table take its seconds, when it is written or when its transaction is committed, so that transactions overlap. */
  slow(table: string, when: 'written' | 'committed', seconds: number, during: () => Promise<void>): Promise<void>;
}

/** Accounts on so many sites. */
export function accounts(count: number, prefix = 'site'): NewRequestInput['accounts'] {
  return Array.from({ length: count }, (_, index) => ({
    domain: `${prefix}${index}.test`,
    email: `me${index}@brand.example`,
  }));
}

/** Describes a behaviour on PGlite and on PostgreSQL: a database of its own, empty before each test. */
export function onEachDatabase(name: string, define: (bench: Bench) => void): void {
  describe(`${name}, on PGlite`, () => define(setUp(async () => openDatabase({}))));

  describe.runIf(missingPostgres() === undefined)(`${name}, on PostgreSQL`, () => {
    let cluster: PostgresCluster;
    let url: string;
    beforeAll(async () => {
      cluster = await startPostgres();
      url = await cluster.createDatabase();
    }, 60_000);
    define(setUp(() => openDatabase({ url }), true));
    afterAll(() => cluster.stop());
  });
}

function setUp(open: () => Promise<Database>, shared = false): Bench {
  const bench = {} as Bench;
  const closers: (() => Promise<void>)[] = [];

  const listen = async (db: Database, options: Partial<AppOptions>) => {
    const app = await buildApp({
      db,
      keys: new KeyRing(keyText),
      apiKey: workerKey,
      adminKey,
      miniAppSecret,
      ...appDefaults(),
      ...options,
    });
    const manager = new Manager(await app.listen({ host: '127.0.0.1', port: 0 }));
    return { manager, close: () => app.close() };
  };

  let closeFirst: () => Promise<void>;
  beforeAll(async () => {
    const db = await open();
    await migrate(db);
    const first = await listen(db, {});
    bench.db = db;
    bench.manager = first.manager;
    closeFirst = async () => {
      await first.close();
      await db.destroy();
    };
  }, 60_000);

  bench.another = async (options = {}) => {
    const db = shared ? await open() : bench.db;
    const { manager, close } = await listen(db, options);
    closers.push(async () => {
      await close();
      if (shared) await db.destroy();
    });
    return manager;
  };

  bench.slow = async (table, when, seconds, during) => {
    const trigger = when === 'written' ? 'trigger slow before insert' : 'constraint trigger slow after insert';
    const timing = sql.raw(when === 'written' ? '' : 'deferrable initially deferred');
    await sql`
      create function slow() returns trigger language plpgsql as ${sql.lit(`begin perform pg_sleep(${seconds}); return new; end`)}`.execute(
      bench.db,
    );
    await sql`create ${sql.raw(trigger)} on ${sql.table(table)} ${timing} for each row execute function slow()`.execute(
      bench.db,
    );
    try {
      await during();
    } finally {
      await sql`drop function slow cascade`.execute(bench.db);
    }
  };

  beforeEach(async () => {
    await sql`truncate requests, tasks, task_history, mini_app_users restart identity`.execute(bench.db);
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  afterAll(() => closeFirst());
  return bench;
}
