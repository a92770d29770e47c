import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../../manager/database/migrate.ts';
import { openDatabase } from '../../manager/database/open.ts';
import { missingPostgres, startPostgres } from '../support/postgres.ts';
import { accounts, adminKey, keyText, Manager, workerKey } from './harness.ts';

const root = path.resolve(import.meta.dirname, '../..');
let folder: string;
let children: ChildProcess[];
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'enlist-manager-'));
  children = [];
});
afterEach(async () => {
  for (const child of children) await stop(child, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  child: ChildProcess;
  /** Everything it wrote. */
  output: () => string;
  ended: Promise<number | null>;
}

function run(environment: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, ['--import', 'tsx', 'manager/main.ts'], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      DATA_DIR: folder,
      PORT: '0',
      ASSIGN_API_KEY: workerKey,
      ASSIGN_ADMIN_KEY: adminKey,
      MINIAPP_TOKEN_SECRET: 'planted-secret',
      ENLIST_KEYS: keyText,
      ...environment,
    },
  });
  children.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output, ended: new Promise((resolve) => child.once('close', resolve)) };
}

async function ready({ output }: Run): Promise<Manager> {
  await expect.poll(output, { timeout: 60_000 }).toContain('manager ready');
  const line = output()
    .split('\n')
    .find((text) => text.includes('manager ready'))!;
  return new Manager((JSON.parse(line) as { url: string }).url);
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return ended;
}

describe('the manager as a process', { timeout: 120_000 }, () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('ends with 0 on %s, and finds everything again', async (signal) => {
    const first = run();
    const before = await ready(first);
    const { ids } = await before.make({ type: 'social', accounts: accounts(3) });
    expect(await stop(first.child, signal)).toBe(0);
    const after = await ready(run());
    expect((await after.get('/api/v1/social_account/links')).body.data.map((task: { id: string }) => task.id)).toEqual(
      ids,
    );
  });

  test('loses nothing that it had answered when it is killed', async () => {
    const first = run();
    const before = await ready(first);
    const {
      ids: [id],
    } = await before.make({ type: 'social', accounts: accounts(1) });
    await before.post(`/api/v1/social_account/links/${id}/start`);
    await stop(first.child, 'SIGKILL');
    const after = await ready(run());
    expect(await after.status(id!)).toBe('registering');
  });

  test('leaves a folder alone that another process has open, and says which', async () => {
    const first = run();
    await ready(first);
    const second = run();
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`process ${first.child.pid} has the database in ${folder}`);
    expect(await stop(first.child, 'SIGTERM')).toBe(0);
  });

  test('leaves a folder alone whose process is frozen, however long', async () => {
    const first = run();
    await ready(first);
    first.child.kill('SIGSTOP');
    // As old as the lock would be by then, for whoever judges by its age.
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(path.join(folder, 'manager.lock'), longAgo, longAgo);
    const second = run();
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`process ${first.child.pid} has the database in ${folder}`);
    first.child.kill('SIGCONT');
    expect(await stop(first.child, 'SIGTERM')).toBe(0);
  });

  test('names every variable that is missing or wrong, and none of their values', async () => {
    const broken = run({
      ASSIGN_API_KEY: '',
      MINIAPP_TOKEN_SECRET: '',
      RETRY_DELAY: 'planted-delay',
      PORT: 'planted-port',
    });
    expect(await broken.ended).toBe(1);
    for (const name of ['ASSIGN_API_KEY', 'MINIAPP_TOKEN_SECRET', 'RETRY_DELAY', 'PORT'])
      expect(broken.output()).toContain(name);
    expect(broken.output()).not.toContain('planted');
    expect(broken.output()).not.toContain('    at ');
  });

  test('writes no secret to its log', async () => {
    const logging = run({ LOG_LEVEL: 'trace' });
    const manager = await ready(logging);
    const {
      ids: [id],
    } = await manager.make({
      type: 'social',
      accounts: [{ domain: 'a.test', email: 'a@brand.example', password: 'planted-pass', twofa: 'planted-totp' }],
    });
    await manager.post(`/api/v1/social_account/links/${id}/start`);
    await manager.post(`/api/v1/social_account/links/${id}/complete`, { cookie: 'planted-cookie', email: 5 });
    await manager.post(`/api/v1/social_account/links/${id}/complete`, {
      cookie: 'planted-cookie',
      password: 'planted-new',
    });
    await manager.get('/api/v1/social_account/links', { key: 'planted-key' });
    expect(await stop(logging.child, 'SIGTERM')).toBe(0);
    expect(logging.output()).toContain('answered');
    for (const secret of ['planted', workerKey, adminKey]) expect(logging.output()).not.toContain(secret);
  });
});

describe.runIf(missingPostgres() === undefined)('the manager over PostgreSQL', { timeout: 60_000 }, () => {
  test('several that start at once make the tables once', async () => {
    const cluster = await startPostgres();
    const url = await cluster.createDatabase();
    const databases = await Promise.all(Array.from({ length: 5 }, () => openDatabase({ url })));
    try {
      await Promise.all(databases.map(migrate));
      expect(await databases[0]!.selectFrom('tasks').select('id').execute()).toEqual([]);
    } finally {
      for (const db of databases) await db.destroy();
      await cluster.stop();
    }
  });

  test('a connection that breaks in mid-query fails the query, and the process lives on', async () => {
    const cluster = await startPostgres();
    const [, database, folder] = /@\/(\w+)\?host=(.+)$/.exec(await cluster.createDatabase())!;
    const sockets: Socket[] = [];
    const way = createServer((socket) => {
      sockets.push(socket);
      socket
        .pipe(connect(path.join(decodeURIComponent(folder!), '.s.PGSQL.5432')))
        .on('error', () => {})
        .pipe(socket)
        .on('error', () => {});
    });
    await new Promise<void>((resolve) => way.listen(0, '127.0.0.1', resolve));
    const db = await openDatabase({
      url: `postgresql://enlist@127.0.0.1:${(way.address() as AddressInfo).port}/${database}`,
    });
    try {
      await sql`select 1`.execute(db);
      const broken = sql`select pg_sleep(60)`.execute(db);
      const seen = expect(broken).rejects.toThrow(/ECONNRESET|terminated/);
      await sql`select 1`.execute(db);
      for (const socket of sockets) socket.resetAndDestroy();
      await seen;
      expect((await sql`select 1`.execute(db)).rows).toHaveLength(1);
    } finally {
      await db.destroy();
      way.close();
      await cluster.stop();
    }
  });

  test('says that it is not ready while the database is away, and lives on', async () => {
    const cluster = await startPostgres();
    const running = run({ DATABASE_URL: await cluster.createDatabase() });
    try {
      const manager = await ready(running);
      expect((await manager.get('/readyz', { key: null })).status).toBe(200);
      await cluster.stop();
      expect(await manager.get('/readyz', { key: null })).toMatchObject({ status: 503, body: { success: false } });
      expect(await manager.get('/api/v1/social_account/links')).toMatchObject({
        status: 500,
        body: { success: false, message: 'internal error' },
      });
      expect((await manager.get('/healthz', { key: null })).status).toBe(200);
      expect(await stop(running.child, 'SIGTERM')).toBe(0);
    } finally {
      await cluster.stop();
    }
  });
});
