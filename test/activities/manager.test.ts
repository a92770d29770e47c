import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createManagerActivities } from '../../activities/manager.ts';
import { KeyRing } from '../../config/key-ring.ts';
import { Sites } from '../../config/sites-file.ts';
import { findTools } from '../../scripts/dev/setup/tools.mjs';
import { TaskClient } from '../../services/manager-client/task-client.ts';
import { makeDataConverter } from '../../temporal/data-converter.ts';
import { type Answering, AnsweringServer, breakOff, hang, ok, refuse } from '../support/answering-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const keyText = `test:${randomBytes(32).toString('base64')}`;
const dataConverter = makeDataConverter(new KeyRing(keyText));
const folder = mkdtempSync(path.join(os.tmpdir(), 'enlist-retries-'));
const sitesFile = path.join(folder, 'sites.yaml');

let temporal: TestWorkflowEnvironment;
let server: AnsweringServer;
let url: string;
let running: Promise<void>;
let workers: Worker[];

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  writeFileSync(sitesFile, 'sites: []\n');
  server = await AnsweringServer.start();
  ({ url } = server);
  temporal = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: findTools().temporal! }, extraArgs: ['--log-level', 'error'] },
    client: { dataConverter },
  });
  const { nativeConnection: connection } = temporal;
  workers = [
    await Worker.create({
      connection,
      dataConverter,
      taskQueue: 'small',
      workflowsPath: fileURLToPath(new URL('../support/small-workflows.ts', import.meta.url)),
    }),
    await Worker.create({
      connection,
      dataConverter,
      taskQueue: 'reports',
      activities: createManagerActivities({
        client: new TaskClient(url, 'worker-key', 1_000),
        sites: new Sites(sitesFile),
        mainDomains: [],
      }),
    }),
  ];
  running = Promise.all(workers.map((worker) => worker.run())).then(() => {});
});
afterAll(async () => {
  for (const worker of workers) worker.shutdown();
  await running;
  await temporal.teardown();
  await server.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  server.taken.length = 0;
});

const calls = () => server.taken.map(({ method, path: at }) => `${method} ${at.split('/').slice(4).join('/')}`);
const look = 'GET links/a?status=register';
const startCall = 'POST links/a/start';
const wrongStatus = refuse(409, 'status mismatch');

async function startTask(taskQueue = 'reports') {
  return temporal.client.workflow.start('report', {
    taskQueue: 'small',
    workflowId: `report-${randomBytes(6).toString('hex')}`,
    args: [taskQueue, 'startTask', ['social', 'a', 'register']],
  });
}

describe('a refusal for the status', () => {
  test("means someone else's task when the manager could not be reached before", async () => {
    await server.close();
    const handle = await startTask();
    await expect
      .poll(async () => (await handle.describe()).raw.pendingActivities?.[0]?.attempt ?? 0, { timeout: 10_000 })
      .toBeGreaterThan(2);
    server = await AnsweringServer.start(Number(new URL(url).port));
    server.answer = wrongStatus;
    expect(await handle.result()).toEqual({ kind: 'refused' });
    expect(calls()).toEqual([startCall]);
  });

  test("means someone else's task when the manager had only asked to wait", async () => {
    server.answerInTurn(refuse(429, 'later'), refuse(401, 'invalid api key'), wrongStatus);
    expect(await (await startTask()).result()).toEqual({ kind: 'refused' });
    expect(calls()).toEqual([startCall, startCall, startCall]);
  });

  test.each<[string, Answering]>([
    ['broke off', breakOff],
    ['was not given in time', hang],
    ['was a 500', refuse(500, 'oops')],
  ])('means that the call was applied when an earlier answer %s', async (_name, lost) => {
    server.answerInTurn(lost, wrongStatus);
    expect(await (await startTask()).result()).toEqual({ kind: 'applied' });
    expect(calls()).toEqual([startCall, look]);
  });
});

describe('a lost answer', () => {
  test('to a call that was not applied has it repeated', async () => {
    server.answerInTurn(breakOff, ok({ id: 'a' }), ok());
    expect(await (await startTask()).result()).toEqual({ kind: 'applied' });
    expect(calls()).toEqual([startCall, look, startCall]);
  });

  test('stays in doubt through every later try, and after tries that were beyond doubt', async () => {
    server.answerInTurn(
      refuse(429, 'later'),
      breakOff,
      refuse(429, 'later'),
      breakOff,
      ok({ id: 'a' }),
      refuse(429, 'later'),
      wrongStatus,
    );
    expect(await (await startTask()).result()).toEqual({ kind: 'applied' });
    expect(calls()).toEqual([startCall, startCall, look, look, look, startCall, look]);
  });

  test('of a worker that was killed counts as one', async () => {
    server.answer = hang;
    const doomed = await startServices();
    const handle = await startTask('services');
    await expect.poll(calls).toEqual([startCall]);
    await kill(doomed);
    server.answerInTurn(wrongStatus);
    await startServices();
    expect(await handle.result()).toEqual({ kind: 'applied' });
    expect(calls()).toEqual([startCall, look]);
  });
});

const children: ChildProcess[] = [];

async function startServices(): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', path.join(root, 'workers/worker/main.ts'), '--queue', 'services'],
    {
      cwd: root,
      env: {
        ...process.env,
        DATA_DIR: path.join(folder, 'data'),
        TEMPORAL_ADDRESS: temporal.address,
        ASSIGN_URL: url,
        ASSIGN_API_KEY: 'worker-key',
        ENLIST_KEYS: keyText,
        SITES_FILE: sitesFile,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('workers ready')) break;
  child.stdout.resume();
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
});
