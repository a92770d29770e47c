import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { activityInfo, ApplicationFailure } from '@temporalio/activity';
import { Client, type WorkflowClientInterceptor, type WorkflowHandle } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import { type ClientOptionsForTestEnv, TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
  type WorkflowBundle,
} from '@temporalio/worker';
import { stringify } from 'yaml';
import { createBrowserActivities } from '../../activities/browser.ts';
import { createDispatchActivities } from '../../activities/dispatch.ts';
import { createFeedActivities } from '../../activities/feed.ts';
import { createMailActivities } from '../../activities/mail.ts';
import { createManagerActivities } from '../../activities/manager.ts';
import { createMiniAppActivities } from '../../activities/mini-app.ts';
import { createPaceActivities } from '../../activities/pace.ts';
import { createPodcastActivities } from '../../activities/podcast.ts';
import { KeyRing } from '../../config/key-ring.ts';
import { Sites } from '../../config/sites-file.ts';
import type { PermitRequest } from '../../contracts/pace.ts';
import { searchAttributes } from '../../contracts/workflows.ts';
import { findTools } from '../../scripts/dev/setup/tools.mjs';
import { makeDataConverter } from '../../temporal/data-converter.ts';
import { taskQueues } from '../../temporal/task-queues.ts';
import { type Script, type ScriptedFlow, type ScriptedName, ScriptedTask } from './scripted-task.ts';
import { showUpsertedMemo } from './upserted-memo.ts';

type History = proto.temporal.api.history.v1.IHistory;

export interface Run {
  workflowId: string;
  runId: string;
  history: History;
}

export interface Pace {
  every?: string;
  atOnce?: number;
}

export interface WorkflowServerOptions {
  keys?: KeyRing;
  /** The file of the workflows that are run; by default the product's. */
  workflows?: string;
  /** No worker takes browser steps before `startBrowser` is called. */
  browserLater?: boolean;
  /** Takes the ordinary server, in real time, with these arguments, for what the time-skipping one can't do. */
  realTime?: string[];
}

/** Every activity of a queue, by the product's own lists; no option is looked at before one is run. */
const noOptions = {} as never;
const namesOn = {
  services: [
    createManagerActivities,
    createMailActivities,
    createDispatchActivities,
    createMiniAppActivities,
    createFeedActivities,
    createPodcastActivities,
  ].flatMap((create) => Object.keys(create(noOptions))),
  browser: Object.keys(createBrowserActivities(noOptions)),
};

/** In the place of the process and the machine, which the recorded histories need not tell. */
const identity = 'test';

export function makeKeys(): KeyRing {
  return new KeyRing(`test:${randomBytes(32).toString('base64')}`);
}

/** The workflows as a worker bundles them. */
export function bundleWorkflows(file = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url))) {
  const { failureConverterPath } = makeDataConverter(makeKeys());
  return bundleWorkflowCode({
    workflowsPath: file,
    ...(failureConverterPath !== undefined && { failureConverterPath }),
    logger: new DefaultLogger('ERROR'),
  });
}

/** Replays each history with the workflows' code. Gives what is wrong with those that would decide otherwise now. */
export async function findMisfits(
  runs: Pick<Run, 'workflowId' | 'history'>[],
  workflowBundle: WorkflowBundle,
  keys: KeyRing,
): Promise<string[]> {
  const misfits: string[] = [];
  for await (const { workflowId, error } of Worker.runReplayHistories(
    { workflowBundle, dataConverter: makeDataConverter(keys) },
    runs,
  )) {
    if (error) misfits.push(`${workflowId}: ${error.message}`);
  }
  return misfits;
}

/** Temporal, by default with skipped time, workers on the three queues, and a sites file. Every payload is encrypted. */
export interface WorkflowServer {
  env: TestWorkflowEnvironment;
  client: Client;
  bundle: WorkflowBundle;
  /** A task of a site of its own, unless one is named. */
  scene(
    script?: Script,
    role?: { domain?: string | undefined; flow?: ScriptedFlow; status?: string; fields?: Record<string, unknown> },
  ): ScriptedTask;
  /** Lists a site in the operator's file. */
  enable(domain: string, pace?: Pace): void;
  /** Has one more worker take browser steps. */
  startBrowser(): Promise<void>;
  /** The whole history of every run that was opened since the last call. Ends the workflows that are still open; gates end by themselves. */
  takeRuns(): Promise<Run[]>;
  /** Replays those runs, by default all that `takeRuns` gives. @throws Error naming each that would decide otherwise */
  replay(runs?: Run[]): Promise<void>;
  close(): Promise<void>;
}

export async function startWorkflowServer({
  keys = makeKeys(),
  realTime,
  workflows,
  browserLater = false,
}: WorkflowServerOptions = {}): Promise<WorkflowServer> {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: 'OFF' } },
  });
  const dataConverter = makeDataConverter(keys);
  const opened = new Map<string, Opened>();
  const client = {
    dataConverter,
    identity,
    interceptors: { workflow: [noteOpened(opened), showUpsertedMemo((): Client => plainClient)] },
  };
  const [env, bundle] = await Promise.all([startTemporal(realTime, client), bundleWorkflows(workflows)]);
  const plainClient: Client = new Client({ connection: env.connection, dataConverter, identity });
  const folder = mkdtempSync(path.join(tmpdir(), 'enlist-workflows-'));
  const sitesFile = path.join(folder, 'sites.yaml');
  const sites: object[] = [];
  const scenes = new Map<string, ScriptedTask>();

  const enable = (domain: string, pace: Pace = {}) => {
    sites.push({ domain, recipe: 'practice-social', permission: 'a test of our own', ...pace });
    writeFileSync(sitesFile, stringify({ sites }));
  };
  const workers = new Workers(env, dataConverter);
  const { services, browser } = listActivities(env.client, scenes, new Sites(sitesFile));
  const startBrowser = () => workers.start({ taskQueue: taskQueues.browser, activities: browser });
  await workers.start({ taskQueue: taskQueues.workflows, workflowBundle: bundle });
  await workers.start({ taskQueue: taskQueues.services, activities: services });
  if (!browserLater) await startBrowser();
  const takeRuns = async () => {
    const runs = new Map<string, Run>();
    const toTake = [...opened.values()].sort(gatesLast);
    for (let next = toTake.shift(); next; next = toTake.shift()) {
      if (runs.has(next.runId)) continue;
      const taken = await takeRun(env, next);
      runs.set(next.runId, taken);
      toTake.unshift(...goesOnAs(taken), ...childrenOf(taken));
    }
    opened.clear();
    return [...runs.values()];
  };

  return {
    env,
    client: env.client,
    bundle,
    enable,
    startBrowser,
    scene(script = {}, { domain, flow = 'social', status = 'register', fields: more } = {}) {
      const id = `task-${scenes.size + 1}`;
      if (domain === undefined) enable(`${id}.test`);
      const fields = {
        id,
        request_id: `request-of-${id}`,
        domain: domain ?? `${id}.test`,
        email: `${id}@mail.test`,
        username: 'brand',
        password: 'Password-1',
        app_password: 'abcd efgh ijkl mnop',
        entity_connect: ['https://brand.test/'],
        ...more,
      };
      const scene = new ScriptedTask({ env, plainClient }, { flow, status, fields }, script);
      scenes.set(scene.handle.workflowId, scene);
      return scene;
    },
    takeRuns,
    async replay(runs) {
      const misfits = await findMisfits(runs ?? (await takeRuns()), bundle, keys);
      if (misfits.length > 0) throw new Error(misfits.join('\n'));
    },
    async close() {
      await workers.stop();
      await env.teardown();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Opened {
  workflowId: string;
  runId: string;
}

/** Every run that is opened through the client, the gates' too. */
function noteOpened(opened: Map<string, Opened>): WorkflowClientInterceptor {
  const note = (workflowId: string, runId: string) => opened.set(runId, { workflowId, runId });
  return {
    async startWithDetails(input, next) {
      const started = await next(input);
      note(input.options.workflowId, started.runId);
      return started;
    },
    async signalWithStart(input, next) {
      const runId = await next(input);
      note(input.options.workflowId, runId);
      return runId;
    },
  };
}

/** A gate waits for the workflows that hold its permits. */
function gatesLast(one: Opened, other: Opened): number {
  return Number(one.workflowId.startsWith('site/')) - Number(other.workflowId.startsWith('site/'));
}

async function takeRun(env: TestWorkflowEnvironment, { workflowId, runId }: Opened): Promise<Run> {
  const handle = env.client.workflow.getHandle(workflowId, runId);
  if (workflowId.startsWith('site/')) await closeGate(env, handle);
  else await handle.terminate().catch(() => {});
  return { workflowId, runId, history: await handle.fetchHistory() };
}

function goesOnAs({ workflowId, history }: Run): Opened[] {
  const runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  return runId ? [{ workflowId, runId }] : [];
}

function childrenOf({ history }: Run): Opened[] {
  return (history.events ?? []).flatMap((event) => {
    const { workflowId, runId } = event.childWorkflowExecutionStartedEventAttributes?.workflowExecution ?? {};
    return workflowId && runId ? [{ workflowId, runId }] : [];
  });
}

/** Lets so much time pass that nothing is to be remembered. To wait for its result would let the server skip years. */
async function closeGate(env: TestWorkflowEnvironment, gate: WorkflowHandle): Promise<void> {
  for (let wait = 1_000; (await gate.describe()).status.name === 'RUNNING'; wait *= 2) await env.sleep(wait);
}

async function startTemporal(
  realTime: string[] | undefined,
  client: ClientOptionsForTestEnv,
): Promise<TestWorkflowEnvironment> {
  const { temporal, testServer } = findTools();
  const env = realTime
    ? await TestWorkflowEnvironment.createLocal({
        server: {
          executable: { type: 'existing-path', path: temporal! },
          extraArgs: ['--log-level', 'error', ...realTime],
        },
        client,
      })
    : await TestWorkflowEnvironment.createTimeSkipping({
        server: { executable: { type: 'existing-path', path: testServer! } },
        client,
      });
  // The time-skipping server can't list search attributes, so the product's own registration is no use there.
  const keyword = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(Object.values(searchAttributes).map(({ name }) => [name, keyword])),
  });
  return env;
}

/** The scripted activities of both queues, and the product's own way to a permit. */
function listActivities(client: Client, scenes: Map<string, ScriptedTask>, sites: Sites) {
  const sceneOf = () => {
    const { workflowId } = activityInfo().workflowExecution!;
    const scene = scenes.get(workflowId);
    if (!scene) throw ApplicationFailure.nonRetryable(`${workflowId} has no scene`);
    return scene;
  };
  const script = (names: string[]) =>
    Object.fromEntries(
      names.map((name) => [name, (...args: unknown[]) => sceneOf().answer(name as ScriptedName, args)]),
    );
  const pace = createPaceActivities({ client, sites });
  const requestPermit = (domain: string, request: PermitRequest) =>
    sceneOf().note('requestPermit', [domain, request], () => pace.requestPermit(domain, request));
  return { services: { ...script(namesOn.services), requestPermit }, browser: script(namesOn.browser) };
}

class Workers {
  readonly #env;
  readonly #common;
  readonly #connections: NativeConnection[] = [];
  readonly #workers: Worker[] = [];
  readonly #running: Promise<void>[] = [];

  constructor(env: TestWorkflowEnvironment, dataConverter: DataConverter) {
    this.#env = env;
    // A cancellation reaches an activity with its next beat.
    this.#common = { namespace: 'default', dataConverter, identity, maxHeartbeatThrottleInterval: 1 };
  }

  async start(options: Pick<WorkerOptions, 'taskQueue' | 'activities' | 'workflowBundle'>): Promise<void> {
    // As in processes of their own: over one connection a queue has one worker.
    const connection = await NativeConnection.connect({ address: this.#env.address });
    this.#connections.push(connection);
    const worker = await Worker.create({ connection, ...this.#common, ...options });
    this.#workers.push(worker);
    this.#running.push(worker.run());
  }

  async stop(): Promise<void> {
    for (const worker of this.#workers) worker.shutdown();
    await Promise.all(this.#running);
    for (const connection of this.#connections) await connection.close();
  }
}
