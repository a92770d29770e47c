import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { KeyRing } from '../../config/key-ring.ts';
import { flowNames } from '../../contracts/flows.ts';
import { type Practice, startPractice } from '../../practice/start.ts';
import { findPort } from '../../scripts/dev/demo/ports.ts';
import { signTokenSeller } from '../../scripts/dev/demo/token-seller.ts';
import { findTools } from '../../scripts/dev/setup/tools.mjs';
import { AdminClient } from '../../services/manager-client/admin-client.ts';
import { makeDataConverter } from '../../temporal/data-converter.ts';
import { registerSearchAttributes } from '../../temporal/register-search-attributes.ts';
import { makeSchedule } from '../../temporal/schedules.ts';
import { copyCode } from '../support/copied-code.ts';
import { startPostgres } from '../support/postgres.ts';
import { FaultProxy } from './fault-proxy.ts';
import { mailDomain, mailPassword, type Order, podcastSites, socialSites } from './orders.ts';
import { Part } from './part.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const shopId = 7;
/** The sites' pace, as it is kept by all workers together. */
export const everyMs = 1_000;
export const atOnce = 2;

/** Everything of one run: real processes, and proxies on the ways between them. */
export interface EnlistUnderFaults {
  folder: string;
  /** Where the workers' code is. */
  code: string;
  keys: KeyRing;
  client: Client;
  admin: AdminClient;
  databaseUrl: string;
  /** The environment of the workers, and of the commands that an operator runs. */
  env: Record<string, string>;
  practice: Practice;
  parts: { temporal: Part; manager: Part; workers: Part[] };
  /** On the ways to these. */
  proxies: { temporal: FaultProxy; manager: FaultProxy; mail: FaultProxy; sites: FaultProxy[] };
  /** @param keepFolder leaves the logs for who looks into what went wrong */
  close(keepFolder?: boolean): Promise<void>;
}

/**
 * The product's code with the clock of its workflows so many times as fast: then a process can be frozen for longer than
 * a step may take, in a run of minutes. 1 takes the code as it is.
 */
function hurryCode(hurry: number): string {
  if (hurry === 1) return root;
  const faster = (text: string) => text.replace('const second = 1_000;', `const second = ${1_000 / hurry};`);
  return copyCode({ 'workflows/steps.ts': faster, 'workflows/pace/grant-permits.ts': faster });
}

async function untilTemporalAnswers(address: string): Promise<void> {
  for (;;) {
    const connection = await Connection.connect({ address, connectTimeout: '1 second' }).catch(() => undefined);
    if (connection) return connection.close();
    await sleep(100);
  }
}

/** @param orders whose mailboxes there must be */
export async function startEnlistUnderFaults(
  hurry: number,
  makeAll: (pictures: string) => Order[],
): Promise<EnlistUnderFaults & { orders: Order[] }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'enlist-chaos-'));
  const logs = path.join(folder, 'logs');
  mkdirSync(logs);
  const code = hurryCode(hurry);
  let keepFolder = false;
  const closers: (() => unknown)[] = [
    () => {
      if (code !== root) rmSync(code, { recursive: true, force: true });
      if (!keepFolder) rmSync(folder, { recursive: true, force: true });
    },
  ];
  const close = async (keep = false) => {
    keepFolder = keep;
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  const startProxy = async () => {
    const proxy = await FaultProxy.start();
    closers.push(() => proxy.close());
    return proxy;
  };
  const startPart = async (name: string, options: ConstructorParameters<typeof Part>[2]) => {
    const part = new Part(name, logs, options);
    closers.push(() => part.close());
    await part.start();
    return part;
  };
  const script = (file: string, from: string) => ({
    command: process.execPath,
    args: ['--import', 'tsx', path.join(from, file)],
    cwd: from,
  });

  try {
    const keyText = `chaos:${randomBytes(32).toString('base64')}`;
    const keys = new KeyRing(keyText);

    const temporalPort = await findPort(0);
    const address = `127.0.0.1:${temporalPort}`;
    const temporal = await startPart('temporal', {
      command: findTools().temporal!,
      args: [
        'server',
        'start-dev',
        '--ip',
        '127.0.0.1',
        '--port',
        String(temporalPort),
        '--headless',
        '--db-filename',
        path.join(folder, 'temporal.db'),
        '--log-level',
        'error',
      ],
      env: {},
      isReady: () => untilTemporalAnswers(address),
    });
    const connection = await Connection.connect({ address });
    closers.push(() => connection.close());
    const client = new Client({ connection, dataConverter: makeDataConverter(keys) });
    await registerSearchAttributes(connection, 'default');

    const postgres = await startPostgres();
    closers.push(() => postgres.stop());
    const databaseUrl = await postgres.createDatabase();

    const proxies: EnlistUnderFaults['proxies'] = {
      temporal: await startProxy(),
      manager: await startProxy(),
      mail: await startProxy(),
      sites: [],
    };
    const behindProxy = async <Site extends object>(site: Site) => {
      const proxy = await startProxy();
      proxies.sites.push(proxy);
      proxy.target = await findPort(0);
      return { ...site, port: proxy.target, publicUrl: proxy.url };
    };
    const picturesPort = await findPort(0);
    const orders = makeAll(`http://127.0.0.1:${picturesPort}`);
    const practice = await startPractice({
      dataDir: path.join(folder, 'practice'),
      mailboxes: orders
        .flatMap(({ emails }) => emails)
        .map((mailbox) => ({ address: mailbox, password: mailPassword.replaceAll(' ', '') })),
      sites: await Promise.all(socialSites.map(behindProxy)),
      podcasts: await Promise.all(podcastSites.map(behindProxy)),
      pictures: picturesPort,
    });
    closers.push(() => practice.close());

    const sitesFile = path.join(folder, 'sites.yaml');
    const list = (recipe: string, { domain, url }: { domain: string; url: string }) => ({
      domain,
      recipe,
      url,
      permission: 'a test of our own',
      every: `${everyMs}ms`,
      atOnce,
    });
    proxies.mail.target = practice.mail.imap.port;
    const sites = [
      ...practice.sites.map((site) => list('practice-social', site)),
      ...practice.podcasts.map((site) => list(`practice-podcast-${site.kind}`, site)),
    ];
    writeFileSync(
      sitesFile,
      stringify({ sites, mail: { [mailDomain]: { host: '127.0.0.1', port: proxies.mail.port, tls: false } } }),
    );

    const managerPort = await findPort(0);
    const miniAppSecret = randomBytes(24).toString('hex');
    const env: Record<string, string> = {
      NODE_ENV: 'test',
      DATA_DIR: path.join(folder, 'data'),
      ENLIST_KEYS: keyText,
      ASSIGN_API_KEY: 'chaos-worker-key',
      ASSIGN_ADMIN_KEY: 'chaos-admin-key',
      PODCAST_MAIN_DOMAINS: 'host.practice.test',
    };
    const manager = await startPart('manager', {
      ...script('manager/main.ts', root),
      env: {
        ...env,
        PORT: String(managerPort),
        DATABASE_URL: databaseUrl,
        MINIAPP_TOKEN_SECRET: miniAppSecret,
        RETRY_DELAY: '5s',
        RATE_LIMIT: 'off',
      },
      readyLine: 'manager ready',
    });
    proxies.manager.target = managerPort;
    proxies.temporal.target = temporalPort;

    const workerEnv = {
      ...env,
      TEMPORAL_ADDRESS: `127.0.0.1:${proxies.temporal.port}`,
      TEMPORAL_NAMESPACE: 'default',
      ASSIGN_URL: proxies.manager.url,
      SITES_FILE: sitesFile,
      ASSETS_ALLOW: '127.0.0.0/8',
      BROWSER_SLOTS: '2',
      MINIAPP_TOKEN_SELLER: await signTokenSeller(miniAppSecret, shopId),
      MINIAPP_SHOP_ID: String(shopId),
    };
    const workers: Part[] = [];
    for (const number of [1, 2])
      workers.push(
        await startPart(`worker-${number}`, {
          ...script('workers/worker/main.ts', code),
          env: workerEnv,
          readyLine: 'workers ready',
        }),
      );
    for (const flow of flowNames) await makeSchedule(client, flow, 3_000);

    const admin = new AdminClient(`http://127.0.0.1:${managerPort}`, env.ASSIGN_ADMIN_KEY!);
    return {
      folder,
      code,
      keys,
      client,
      admin,
      databaseUrl,
      env: workerEnv,
      practice,
      parts: { temporal, manager, workers },
      proxies,
      close,
      orders,
    };
  } catch (error) {
    await close(true);
    throw error;
  }
}
