import path from 'node:path';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { readEnvironment } from '../../../config/environment.ts';
import { loadKeyRing } from '../../../config/key-ring.ts';
import { flowNames } from '../../../contracts/flows.ts';
import { miniAppUser } from '../../../contracts/mini-app.ts';
import type { PracticeConfig } from '../../../practice/start.ts';
import { AdminClient } from '../../../services/manager-client/admin-client.ts';
import { connectClient } from '../../../temporal/connect.ts';
import { registerSearchAttributes } from '../../../temporal/register-search-attributes.ts';
import { makeSchedule } from '../../../temporal/schedules.ts';
import { startMiniApp } from '../../../temporal/start-mini-app.ts';
import { CommandError, makeCommand, runProgram, withClient } from '../../command.ts';
import { findTools } from '../setup/tools.mjs';
import {
  demonstrationMainDomains,
  demonstrationPodcasts,
  demonstrationSites,
  domainOf,
  mailDomain,
  makeDemonstration,
} from './demonstration.ts';
import { findPort } from './ports.ts';
import { Processes } from './processes.ts';
import { readOrMakeKeys, writePrivate, writeRunEnvironment, writeSitesFile } from './run-files.ts';
import { judge, showProgress, writeTable } from './show-progress.ts';
import { signTokenSeller } from './token-seller.ts';

const pullEveryMs = 2_000;
/** How long the demonstration's tasks may take in all. */
const patienceMs = 8 * 60_000;
const stopPatienceMs = 15_000;
const impatienceMs = 1_000;
/** The shop of the demonstration's mini app. */
const demonstrationShop = 1001;

const root = fileURLToPath(new URL('../../..', import.meta.url));
const say = (text: string) => process.stdout.write(`${text}\n`);
const tsx = (file: string) => ({ command: process.execPath, args: ['--import', 'tsx', path.join(root, file)] });
/** A path as people type it from where they are. */
const shorten = (file: string) => path.relative(process.cwd(), file) || '.';
const localUrl = (port: number) => `http://127.0.0.1:${port}`;

async function waitForTemporal(): Promise<void> {
  const keys = loadKeyRing();
  for (let tries = 0; ; tries++) {
    try {
      const client = await connectClient(keys);
      await registerSearchAttributes(client.connection, client.options.namespace);
      return await client.connection.close();
    } catch (error) {
      if (tries >= 60) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

/** Starts Temporal's development server, unless the environment names a Temporal; gives the Web UI's address where it is known. */
async function startTemporal(
  processes: Processes,
  dataDir: string,
  codecUrl: string,
): Promise<{ ui: string; env: Record<string, string> }> {
  const { TEMPORAL_ADDRESS: given } = process.env;
  if (given) {
    await waitForTemporal();
    return { ui: `(the one of your Temporal at ${given})`, env: {} };
  }
  const { temporal } = findTools();
  if (!temporal)
    throw new CommandError('no Temporal CLI: run "npm start", which installs one, or set TEMPORAL_ADDRESS');
  const [port, uiPort] = [await findPort(7233), await findPort(8233)];
  const flags = [
    'server',
    'start-dev',
    '--ip',
    '127.0.0.1',
    '--port',
    String(port),
    '--ui-port',
    String(uiPort),
    '--db-filename',
    path.join(dataDir, 'temporal.db'),
    '--log-level',
    'error',
    '--ui-codec-endpoint',
    codecUrl,
  ];
  process.env.TEMPORAL_ADDRESS = `127.0.0.1:${port}`;
  process.env.TEMPORAL_NAMESPACE ||= 'default';
  // Its banner comes before it answers, so it is ready when a client gets through.
  const died = processes.start('temporal', { command: temporal, args: flags, env: {}, isReady: () => false });
  await Promise.race([waitForTemporal(), died]);
  died.catch(processes.fail);
  return {
    ui: localUrl(uiPort),
    env: { TEMPORAL_ADDRESS: process.env.TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE: process.env.TEMPORAL_NAMESPACE },
  };
}

async function start({ once }: { once?: boolean }): Promise<void> {
  const begun = performance.now();
  const { DATA_DIR } = readEnvironment('DATA_DIR');
  const processes = new Processes(path.join(DATA_DIR, 'logs'));
  const stopping = new AbortController();
  const stopped = onStopSignal(stopping, () => processes.kill());
  try {
    const asMeant = await Promise.race([
      demonstrate(processes, DATA_DIR, stopping.signal, begun),
      processes.failed,
      stopped.then(() => undefined),
    ]);
    if (asMeant !== undefined && once) process.exitCode = asMeant ? 0 : 1;
    else if (asMeant !== undefined) {
      say('\nAll of it stays up until Ctrl-C.');
      await Promise.race([stopped, processes.failed]);
    }
  } finally {
    stopping.abort();
    await processes.stop(stopPatienceMs);
  }
}

/** Resolves at the first signal. A later one ends everything at once; one signal that arrives twice, by way of npm, does not. */
function onStopSignal(stopping: AbortController, kill: () => void): Promise<void> {
  return new Promise((resolve) => {
    let first = 0;
    const onSignal = () => {
      if (first === 0) {
        first = performance.now();
        say('\nstopping (once more to end everything at once) …');
        stopping.abort();
        resolve();
      } else if (performance.now() - first > impatienceMs) {
        kill();
        process.exit(1);
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}

/** The line that tells where the practice sites are. */
interface PracticeAddresses {
  imap: { host: string; port: number };
  sites: { domain: string; url: string }[];
  podcasts: { kind: 'host' | 'directory'; domain: string; url: string }[];
}

async function demonstrate(
  processes: Processes,
  dataDir: string,
  signal: AbortSignal,
  begun: number,
): Promise<boolean> {
  const keys = readOrMakeKeys(dataDir, [
    'ASSIGN_API_KEY',
    'ASSIGN_ADMIN_KEY',
    'MINIAPP_TOKEN_SECRET',
    'CODEC_TOKEN',
    'PRACTICE_TOKEN',
    'PRACTICE_MAIL_PASSWORD',
  ]);
  const { NODE_ENV } = process.env;
  loadKeyRing();
  if (NODE_ENV !== 'production' && !process.env.ENLIST_KEYS)
    say(
      `payloads are encrypted with the key in ${shorten(path.join(dataDir, 'keys'))} (made once; ENLIST_KEYS sets others)`,
    );

  const stamp = Date.now().toString(36);
  const picturesPort = await findPort(8190);
  const demonstration = makeDemonstration(stamp, keys.PRACTICE_MAIL_PASSWORD!, localUrl(picturesPort));
  const managerPort = await findPort(8080);
  const codecPort = await findPort(8081);
  const codecUrl = `${localUrl(codecPort)}/${keys.CODEC_TOKEN}`;
  const sitesFile = path.join(dataDir, 'sites.yaml');

  say('starting Temporal …');
  const temporal = await startTemporal(processes, dataDir, codecUrl);
  const env: Record<string, string> = {
    ...temporal.env,
    ASSIGN_URL: localUrl(managerPort),
    ASSIGN_API_KEY: keys.ASSIGN_API_KEY!,
    ASSIGN_ADMIN_KEY: keys.ASSIGN_ADMIN_KEY!,
    MINIAPP_TOKEN_SECRET: keys.MINIAPP_TOKEN_SECRET!,
    MINIAPP_TOKEN_SELLER: await signTokenSeller(keys.MINIAPP_TOKEN_SECRET!, demonstrationShop),
    MINIAPP_SHOP_ID: String(demonstrationShop),
    PORT: String(managerPort),
    CODEC_PORT: String(codecPort),
    CODEC_TOKEN: keys.CODEC_TOKEN!,
    CODEC_ORIGINS: temporal.ui,
    PRACTICE_TOKEN: keys.PRACTICE_TOKEN!,
    PRACTICE_MAIL_PASSWORD: keys.PRACTICE_MAIL_PASSWORD!,
    SITES_FILE: sitesFile,
    ASSETS_ALLOW: '127.0.0.0/8',
    PODCAST_MAIN_DOMAINS: demonstrationMainDomains.join(','),
  };

  say('starting the manager, the practice sites and the codec server …');
  const practiceFile = path.join(dataDir, 'practice.json');
  const practice: PracticeConfig = {
    dataDir: path.join(dataDir, 'practice'),
    controlToken: keys.PRACTICE_TOKEN,
    mailboxes: demonstration.emails.map((address) => ({ address, password: demonstration.mailPassword })),
    sites: await Promise.all(
      demonstrationSites.map(async (site, index) => ({
        domain: domainOf(site),
        port: await findPort(8100 + index),
        confirmation: site.confirmation,
        behaviour: site.behaviour,
      })),
    ),
    podcasts: await Promise.all(
      demonstrationPodcasts.map(async ({ site }, index) => ({ ...site, port: await findPort(8150 + index) })),
    ),
    pictures: picturesPort,
  };
  writePrivate(practiceFile, JSON.stringify(practice, undefined, 2));
  const [, practiceLine] = await Promise.all([
    processes.start('manager', {
      ...tsx('manager/main.ts'),
      env,
      isReady: (line) => line.includes('manager ready'),
      restart: true,
    }),
    processes.start('practice', {
      ...tsx('practice/main.ts'),
      env: { ...env, PRACTICE_CONFIG: practiceFile },
      isReady: (line) => line.startsWith('{"smtp"'),
    }),
    processes.start('codec-server', {
      ...tsx('workers/codec-server/main.ts'),
      env,
      isReady: (line) => line.includes('ready'),
      restart: true,
    }),
  ]);
  const { imap, sites, podcasts } = JSON.parse(practiceLine) as PracticeAddresses;
  for (const { domain, url } of sites) {
    if (demonstrationSites.some((site) => site.totp && domainOf(site) === domain)) {
      await setTotp(url, keys.PRACTICE_TOKEN!, demonstration.username, demonstration.totpSecret);
    }
  }
  const listed = [
    ...sites.map((site) => ({ ...site, kind: 'social' })),
    ...podcasts.map((site) => ({ ...site, kind: `podcast-${site.kind}` })),
  ];
  writeSitesFile(sitesFile, {
    sites: listed.map(({ kind, domain, url }) => ({
      domain,
      recipe: `practice-${kind}`,
      url,
      permission: 'a practice site of our own',
      every: '1s',
      atOnce: 2,
    })),
    mail: { [mailDomain]: { ...imap, tls: false } },
  });
  writeRunEnvironment(dataDir, env);

  say('starting the workers …');
  await processes.start('worker', {
    ...tsx('workers/worker/main.ts'),
    env,
    isReady: (line) => line.includes('workers ready'),
    restart: true,
  });
  Object.assign(process.env, env);
  await withClient(async (client) => {
    for (const flow of flowNames) await makeSchedule(client, flow, pullEveryMs);
  });

  const admin = new AdminClient(env.ASSIGN_URL!, keys.ASSIGN_ADMIN_KEY!);
  const requests = await Promise.all(
    demonstration.requests.map(async (one) => ({ ...one, id: await admin.makeRequest(one.request) })),
  );
  say(
    `ready after ${((performance.now() - begun) / 1000).toFixed(1)} s\n\n  Web UI   ${temporal.ui}\n  manager  ${env.ASSIGN_URL}   (any user name; the password is ASSIGN_ADMIN_KEY in ${shorten(path.join(dataDir, 'run.env'))})\n  sites    ${sites[0]!.url} and ${listed.length - 1} more\n`,
  );
  let allAsMeant = true;
  for (const { title, id, meant } of requests) {
    say(title);
    await showProgress(admin, id, meant, patienceMs, signal);
    const judged = await judge(admin, id, meant);
    allAsMeant &&= judged.every(({ asMeant }) => asMeant);
    say(`\n${writeTable(judged)}\n`);
  }
  allAsMeant = (await registerMiniAppUsers(stamp)) && allAsMeant;
  say(`\n  Web UI   ${temporal.ui}\n  manager  ${env.ASSIGN_URL}`);
  return allAsMeant;
}

/** Registers one mini-app user twice: the second time it exists, which is an outcome as well. */
async function registerMiniAppUsers(stamp: string): Promise<boolean> {
  say('mini app: register a user, and again');
  const user = miniAppUser.parse({ zalo_user_id: stamp, name: 'Nguyễn Thị Mẫu', gender: 'female' });
  return withClient(async (client) => {
    const table = new Table({ head: ['workflow', 'user', 'outcome', 'as meant'], style: { head: [], border: [] } });
    let allAsMeant = true;
    for (const expected of ['registered', 'exists']) {
      const { workflowId } = await startMiniApp(client, demonstrationShop, user);
      const { outcome } = (await client.workflow.getHandle(workflowId).result()) as { outcome: string };
      allAsMeant &&= outcome === expected;
      table.push([workflowId, user.name, outcome, outcome === expected ? 'yes' : `NO, meant: ${expected}`]);
    }
    say(table.toString());
    return allAsMeant;
  });
}

async function setTotp(siteUrl: string, token: string, username: string, secret: string): Promise<void> {
  const response = await fetch(`${siteUrl}/_practice/totp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-practice-token': token },
    body: JSON.stringify({ username, secret }),
  });
  if (!response.ok) throw new Error(`${siteUrl}/_practice/totp answers ${response.status}`);
}

// Not `runCommand`: an earlier run's addresses are not this one's.
await runProgram(
  makeCommand(
    'start',
    'Starts Temporal, the manager, practice sites and the workers on this machine, and makes accounts on the practice sites.',
  )
    .option('--once', 'end when every task has ended: 0 when each ended as it was meant to, else 1')
    .action(start),
);
