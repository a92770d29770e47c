import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { stringify } from 'yaml';
import { KeyRing } from '../../config/key-ring.ts';
import type { NewRequestInput } from '../../contracts/admin.ts';
import { migrate } from '../../manager/database/migrate.ts';
import { openDatabase } from '../../manager/database/open.ts';
import { buildApp } from '../../manager/http/app.ts';
import { type Practice, type PracticeConfig, startPractice } from '../../practice/start.ts';
import { findTools } from '../../scripts/dev/setup/tools.mjs';
import { AdminClient } from '../../services/manager-client/admin-client.ts';
import { makeDataConverter } from '../../temporal/data-converter.ts';
import { registerSearchAttributes } from '../../temporal/register-search-attributes.ts';
import { appDefaults } from './app-defaults.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const apiKey = 'stack-worker-key';
export const adminKey = 'stack-admin-key';
const practiceToken = 'stack-practice-token';
export const mailDomain = 'mail.practice.test';
/** How many failures in a row make a workflow a stuck one; by default five, which take a minute. */
const problemsToReport = 'system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute';
export const mailPassword = 'abcd efgh ijkl mnop';

export interface EnlistOptions {
  sites?: NonNullable<PracticeConfig['sites']>;
  podcasts?: NonNullable<PracticeConfig['podcasts']>;
  /** Sites of the operator's file besides the practice ones. */
  otherSites?: object[];
  mailboxes?: string[];
  databaseUrl?: string;
  /** How long a failed task waits before it is queued again, in ms. */
  retryDelay?: number;
}

/** A worker process of its own, to be killed or stopped. */
export interface WorkerProcess {
  pid: number;
  /** Everything that it wrote. */
  output(): string;
  /** Sends the signal and waits until the process is gone; gives its exit code, or null after a kill. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Temporal, the manager, practice sites with mail, and worker processes: the product as it runs, on free ports. */
export interface Enlist {
  folder: string;
  client: Client;
  temporal: TestWorkflowEnvironment;
  admin: AdminClient;
  practice: Practice;
  /** Signs the mini app's tokens. */
  miniAppSecret: string;
  /** The environment of every process of the stack. */
  env: Record<string, string>;
  /** Starts a worker and waits until it polls; `from` is another copy of the code. */
  startWorker(env?: Record<string, string>, from?: string): Promise<WorkerProcess>;
  /** Runs a command of `scripts/` and gives its exit code and output. */
  run(script: string, ...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  close(): Promise<void>;
}

function spawnScript(file: string, args: string[], env: Record<string, string>, from = root): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', path.join(from, file), ...args], {
    cwd: from,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function startWorker(env: Record<string, string>, from?: string): Promise<WorkerProcess> {
  const child = spawnScript('workers/worker/main.ts', [], env, from);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  let output = '';
  child.stderr!.on('data', (data: Buffer) => {
    output += data.toString();
  });
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      output += `${line}\n`;
      if (line.includes('workers ready')) resolve();
    });
    void exited.then(([code]) => reject(new Error(`the worker ended with ${code}:\n${output}`)));
  });
  return {
    pid: child.pid!,
    output: () => output,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
}

async function runScript(file: string, args: string[], env: Record<string, string>) {
  const child = spawnScript(file, args, env);
  const result = { code: null as number | null, stdout: '', stderr: '' };
  child.stdout!.on('data', (data: Buffer) => {
    result.stdout += data.toString();
  });
  child.stderr!.on('data', (data: Buffer) => {
    result.stderr += data.toString();
  });
  [result.code] = (await once(child, 'close')) as [number | null];
  return result;
}

/** Starts all of it but the workers. When one part can't start, those that had are closed again. */
export async function startEnlist(options: EnlistOptions = {}): Promise<Enlist> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'enlist-stack-'));
  const parts: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const part of parts.splice(0).reverse()) await part();
  };
  try {
    const keyText = `stack:${randomBytes(32).toString('base64')}`;
    const keys = new KeyRing(keyText);
    const temporal = await TestWorkflowEnvironment.createLocal({
      server: {
        executable: { type: 'existing-path', path: findTools().temporal! },
        extraArgs: ['--log-level', 'error', '--dynamic-config-value', `${problemsToReport}=2`],
      },
      client: { dataConverter: makeDataConverter(keys) },
    });
    parts.push(() => temporal.teardown());
    await registerSearchAttributes(temporal.connection, 'default');

    const db = await openDatabase({ url: options.databaseUrl });
    parts.push(() => db.destroy());
    await migrate(db);
    const miniAppSecret = randomBytes(24).toString('hex');
    const mainDomains = (options.podcasts ?? []).filter(({ kind }) => kind === 'host').map(({ domain }) => domain);
    const manager = await buildApp({
      db,
      keys,
      apiKey,
      adminKey,
      miniAppSecret,
      ...appDefaults(),
      mainDomains,
      ...(options.retryDelay !== undefined && { retryDelay: options.retryDelay }),
    });
    parts.push(() => manager.close());
    const managerUrl = await manager.listen({ host: '127.0.0.1', port: 0 });

    const mailboxes = (options.mailboxes ?? []).map((address) => ({
      address,
      password: mailPassword.replaceAll(' ', ''),
    }));
    const practice = await startPractice({
      dataDir: path.join(folder, 'practice'),
      controlToken: practiceToken,
      mailboxes,
      sites: options.sites,
      podcasts: options.podcasts,
      pictures: 0,
    });
    parts.push(() => practice.close());

    const sitesFile = path.join(folder, 'sites.yaml');
    const list = (recipe: string, { domain, url }: { domain: string; url: string }) => ({
      domain,
      recipe,
      url,
      permission: 'a test of our own',
      every: '0s',
      atOnce: 4,
    });
    const sites = [
      ...practice.sites.map((site) => list('practice-social', site)),
      ...practice.podcasts.map((site) => list(`practice-podcast-${site.kind}`, site)),
    ];
    const mail = { [mailDomain]: { host: practice.mail.imap.host, port: practice.mail.imap.port, tls: false } };
    writeFileSync(sitesFile, stringify({ sites: [...sites, ...(options.otherSites ?? [])], mail }));

    const env: Record<string, string> = {
      DATA_DIR: path.join(folder, 'data'),
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: 'default',
      ASSIGN_URL: managerUrl,
      ASSIGN_API_KEY: apiKey,
      ENLIST_KEYS: keyText,
      SITES_FILE: sitesFile,
      ASSETS_ALLOW: '127.0.0.0/8',
      PODCAST_MAIN_DOMAINS: mainDomains.join(','),
    };
    return {
      folder,
      client: temporal.client,
      temporal,
      practice,
      env,
      miniAppSecret,
      admin: new AdminClient(managerUrl, adminKey),
      startWorker: async (extra = {}, from) => {
        const worker = await startWorker({ ...env, ...extra }, from);
        parts.push(() => worker.end('SIGTERM'));
        return worker;
      },
      run: (script, ...args) => runScript(script, args, env),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A request for one brand, of one social account on each domain; the mailbox must be among the stack's. */
export function socialRequest(stack: Enlist, username: string, domains: string[], twofa = ''): NewRequestInput {
  const pictures = stack.practice.pictures!.url;
  return {
    type: 'social',
    website: `https://${username}.example`,
    profile: {
      first_name: 'Sample',
      last_name: 'Brand',
      phone: '0900000000',
      location: 'Huế',
      about: '<p>We are <b>a sample</b>.</p>',
      avatar_url: `${pictures}/avatar/${username}.png`,
      cover_url: `${pictures}/cover/${username}.png`,
      social_connect: [`https://social.example/@${username}`],
    },
    accounts: domains.map((domain) => ({
      domain,
      email: `${username}@${mailDomain}`,
      username,
      app_password: mailPassword,
      twofa,
    })),
  };
}

/** A request for one brand's podcast, of one account on each domain; the mailbox must be among the stack's. */
export function podcastRequest(stack: Enlist, username: string, domains: string[], maxRetries = 3): NewRequestInput {
  return {
    type: 'podcast',
    website: `https://${username}.example`,
    profile: {
      about: '<p>A <b>sample</b> podcast.</p>',
      image_url: `${stack.practice.pictures!.url}/square/${username}.png`,
    },
    accounts: domains.map((domain) => ({
      domain,
      email: `${username}@${mailDomain}`,
      username,
      app_password: mailPassword,
    })),
    max_retries: maxRetries,
  };
}
