import path from 'node:path';
import { readEnvironment } from '../../../config/environment.ts';
import { loadKeyRing } from '../../../config/key-ring.ts';
import { variables } from '../../../config/variables.ts';
import { flowNames } from '../../../contracts/flows.ts';
import { AdminClient } from '../../../services/manager-client/admin-client.ts';
import { makeSchedule } from '../../../temporal/schedules.ts';
import { withClient } from '../../command.ts';
import { makeDemonstration } from './demonstration.ts';
import { followRequests, makeRequests } from './follow-requests.ts';
import { findPort, localUrl } from './ports.ts';
import { demonstrationShop, makeProcessEnvironment, readKeys } from './process-environment.ts';
import { type Processes, runFile } from './processes.ts';
import { registerUserTwice } from './register-user.ts';
import { writeRunEnvironment } from './run-files.ts';
import { say } from './say.ts';
import { listPracticeSites, startPractice } from './start-practice.ts';
import { startTemporal } from './start-temporal.ts';

const pullEveryMs = 2_000;

/** A path as people type it from where they are. */
const shorten = (file: string) => path.relative(process.cwd(), file) || '.';

/**
 * Starts all of enlist, has it make the demonstration's accounts, and shows how they come about.
 *
 * @param begun when the command began, on the clock of `performance.now()`
 * @returns whether every task ended as it was meant to
 */
export async function demonstrate(
  processes: Processes,
  dataDir: string,
  signal: AbortSignal,
  begun: number,
): Promise<boolean> {
  const keys = readKeys(dataDir);
  const { NODE_ENV, ENLIST_KEYS } = readEnvironment('NODE_ENV', 'ENLIST_KEYS');
  loadKeyRing();
  if (NODE_ENV !== 'production' && !ENLIST_KEYS)
    say(
      `payloads are encrypted with the key in ${shorten(path.join(dataDir, 'keys'))} (made once; ENLIST_KEYS sets others)`,
    );

  const stamp = Date.now().toString(36);
  const picturesPort = await findPort(8190);
  const demonstration = makeDemonstration(stamp, keys.PRACTICE_MAIL_PASSWORD, localUrl(picturesPort));
  const managerPort = await findPort(Number(variables.PORT.default));
  const codecPort = await findPort(Number(variables.CODEC_PORT.default));
  const sitesFile = path.join(dataDir, 'sites.yaml');

  say('starting Temporal …');
  const temporal = await startTemporal(processes, dataDir, `${localUrl(codecPort)}/${keys.CODEC_TOKEN}`);
  const env = await makeProcessEnvironment(keys, temporal, { managerPort, codecPort, sitesFile });

  say('starting the manager, the practice sites and the codec server …');
  const [, practice] = await Promise.all([
    processes.start('manager', {
      ...runFile('manager/main.ts'),
      env,
      isReady: (line) => line.includes('manager ready'),
      restart: true,
    }),
    startPractice(processes, demonstration, { dataDir, controlToken: keys.PRACTICE_TOKEN, picturesPort, env }),
    processes.start('codec-server', {
      ...runFile('workers/codec-server/main.ts'),
      env,
      isReady: (line) => line.includes('ready'),
      restart: true,
    }),
  ]);
  const sites = listPracticeSites(sitesFile, practice);
  writeRunEnvironment(dataDir, env);

  say('starting the workers …');
  await processes.start('worker', {
    ...runFile('workers/worker/main.ts'),
    env,
    isReady: (line) => line.includes('workers ready'),
    restart: true,
  });
  Object.assign(process.env, env);
  await withClient(async (client) => {
    for (const flow of flowNames) await makeSchedule(client, flow, pullEveryMs);
  });

  const admin = new AdminClient(env.ASSIGN_URL, env.ASSIGN_ADMIN_KEY);
  const requests = await makeRequests(admin, demonstration.requests);
  const addresses = `  Web UI   ${temporal.ui}\n  manager  ${env.ASSIGN_URL}`;
  say(
    `ready after ${((performance.now() - begun) / 1000).toFixed(1)} s\n\n${addresses}   (any user name; the password is ASSIGN_ADMIN_KEY in ${shorten(path.join(dataDir, 'run.env'))})\n  sites    ${sites[0]} and ${sites.length - 1} more\n`,
  );
  const followed = await followRequests(admin, requests, signal);
  const registered = await registerUserTwice(demonstrationShop, stamp);
  say(`\n${addresses}`);
  return followed && registered;
}
