import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';

export interface PostgresCluster {
  /** Makes an empty database and says where it is. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** Says what a machine lacks to run the tests on PostgreSQL, and how to get it; undefined when it lacks nothing. */
export function missingPostgres(): string | undefined {
  if (!findBinaries()) return 'PostgreSQL is not installed (Debian: apt-get install postgresql)';
  if (isRoot() && !serverUser()) return 'PostgreSQL does not run as root, and there is no user "postgres"';
  return undefined;
}

/** Starts a private cluster: a data folder and a socket of its own in a temporary folder, no network. */
export async function startPostgres(): Promise<PostgresCluster> {
  const binaries = findBinaries()!;
  const owner = isRoot() ? serverUser() : undefined;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'enlist-pg-'));
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const data = path.join(folder, 'data');
  const options = { ...owner, cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' } };

  execFileSync(path.join(binaries, 'initdb'), ['-D', data, '-U', 'enlist', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
    ...options,
    stdio: 'pipe',
  });
  const server = spawn(
    path.join(binaries, 'postgres'),
    ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off', '-c', 'max_connections=60'],
    { ...options, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const killServer = () => server.kill('SIGQUIT');
  process.once('exit', killServer);
  await untilReady(server);

  const urlOf = (database: string) => `postgresql://enlist@/${database}?host=${encodeURIComponent(folder)}`;
  let databases = 0;
  return {
    async createDatabase() {
      const name = `enlist_${++databases}`;
      const client = new pg.Client({ connectionString: urlOf('postgres') });
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      return urlOf(name);
    },
    async stop() {
      if (server.exitCode !== null) return;
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGINT');
      await ended;
      process.removeListener('exit', killServer);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function untilReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    server.stderr!.on('data', (chunk: Buffer) => {
      if (log.includes('ready to accept connections')) return;
      log += chunk.toString();
      if (log.includes('ready to accept connections')) resolve();
    });
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`postgres ended with ${code}:\n${log}`)));
  });
}

function findBinaries(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((one, other) => Number(other) - Number(one)) : [];
  const folders = [
    ...versions.map((version) => path.join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(path.delimiter),
  ];
  return folders.find((folder) => existsSync(path.join(folder, 'initdb')) && existsSync(path.join(folder, 'postgres')));
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function serverUser(): { uid: number; gid: number } | undefined {
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { stdio: 'pipe' }).toString());
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}
