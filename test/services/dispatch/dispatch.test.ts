import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Sites } from '../../../config/sites-file.ts';
import { tasksWait, workflows } from '../../../contracts/workflows.ts';
import { findTools } from '../../../scripts/dev/setup/tools.mjs';
import { dispatch, type Dispatching } from '../../../services/dispatch/dispatch.ts';
import { NoAnswer, TaskClient } from '../../../services/manager-client/task-client.ts';
import { registerSearchAttributes } from '../../../temporal/register-search-attributes.ts';
import { countOpen } from '../../../temporal/start-task.ts';
import { AnsweringServer, ok, refuse } from '../../support/answering-server.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'enlist-dispatch-'));
let temporal: TestWorkflowEnvironment;
let manager: AnsweringServer;
let dispatching: Dispatching;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const file = path.join(folder, 'sites.yaml');
  const sites = ['site.test', 'main.test', 'sub.test'].map(
    (domain) => `  - { domain: ${domain}, recipe: practice-social, permission: a test of our own }`,
  );
  writeFileSync(file, ['sites:', ...sites, ''].join('\n'));
  manager = await AnsweringServer.start();
  temporal = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: findTools().temporal! }, extraArgs: ['--log-level', 'error'] },
  });
  await registerSearchAttributes(temporal.connection, 'default');
  dispatching = {
    assign: new TaskClient(manager.url, 'worker-key'),
    sites: new Sites(file),
    client: temporal.client,
    maxOpen: 10_000,
    mainDomains: ['main.test'],
    podcast: { mainWaitMs: 1_000, atOnce: 2 },
  };
});
afterAll(async () => {
  await temporal.teardown();
  await manager.close();
  rmSync(folder, { recursive: true });
});

let round = 0;
beforeEach(async () => {
  // No worker polls, so what a test started stays open until it is put away; the books lag behind.
  const putAway = async () => {
    for (const workflowId of await openIds()) {
      await temporal.client.workflow
        .getHandle(workflowId)
        .terminate()
        .catch(() => {});
    }
    return (await countOpen(temporal.client, 'social')) + (await countOpen(temporal.client, 'podcast'));
  };
  await expect.poll(putAway, { timeout: 20_000 }).toBe(0);
  manager.taken.length = 0;
  round += 1;
});

const task = (name: string, more: object = {}) => ({
  id: `${name}-${round}`,
  request_id: 'request',
  domain: 'site.test',
  ...more,
});
const tasks = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, index) => task(`t${index}`, more));
const openIds = async () => {
  const ids: string[] = [];
  for await (const { workflowId } of temporal.client.workflow.list({ query: 'ExecutionStatus = "Running"' }))
    ids.push(workflowId);
  return ids.sort();
};

describe('one pull', () => {
  test('asks for all that a list may give, starts what can be worked, and changes nothing at the manager', async () => {
    manager.answer = ok([task('a'), task('b', { domain: 'SITE.test' })]);
    expect(await dispatch('social', dispatching)).toMatchObject({
      pulled: 2,
      started: 2,
      open: 0,
      held: 0,
      malformed: [],
      warnings: [],
    });
    expect(manager.taken.map(({ method, path: at }) => `${method} ${at}`)).toEqual([
      'GET /api/v1/social_account/links?limit=1000&status=register',
    ]);
    const description = await temporal.client.workflow.getHandle(`social/a-${round}`).describe();
    expect(description).toMatchObject({
      type: workflows.socialRegister.name,
      taskQueue: 'workflows',
      staticSummary: expect.any(Function),
    });
    expect(await description.staticSummary()).toContain('site.test');
    expect(description.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])).toEqual(
      expect.arrayContaining([
        ['EnlistFlow', 'social'],
        ['EnlistDomain', 'site.test'],
        ['EnlistRequest', 'request'],
      ]),
    );
  });

  test('leaves out what is no task and what is not enabled, and says so, and starts the rest', async () => {
    manager.answer = ok([
      task('first'),
      { ...task('none'), id: undefined },
      { ...task('typed'), email: 7 },
      null,
      'text',
      [],
      { ...task('empty'), request_id: '' },
      task('other', { domain: 'other.test' }),
      task('another', { domain: 'other.test' }),
      task('nulls', { email: null, images: null, social_connect: null, unknown: { deep: true } }),
    ]);
    const pulled = await dispatch('social', dispatching);
    expect(pulled).toMatchObject({ pulled: 10, started: 2, notEnabled: { 'other.test': 2 } });
    expect(pulled.malformed).toEqual([
      expect.stringMatching(/^number 2: id /),
      expect.stringMatching(`^typed-${round}: email `),
      expect.stringMatching(/^number 4: task /),
      expect.stringMatching(/^number 5: task /),
      expect.stringMatching(/^number 6: /),
      expect.stringMatching(`^empty-${round}: request_id `),
    ]);
    await expect.poll(openIds, { timeout: 10_000 }).toEqual([`social/first-${round}`, `social/nulls-${round}`]);
  });

  test('skips what has an open workflow', async () => {
    manager.answer = ok(tasks(3));
    await dispatch('social', dispatching);
    manager.answer = ok([...tasks(3), task('fresh')]);
    expect(await dispatch('social', dispatching)).toMatchObject({ started: 1, open: 3 });
  });

  test('of two dispatchers at once starts each task once', async () => {
    manager.answer = ok(tasks(60));
    const [one, other] = await Promise.all([dispatch('social', dispatching), dispatch('social', dispatching)]);
    expect(one.started + other.started).toBe(60);
    expect(one.open + other.open).toBe(60);
    await expect.poll(() => countOpen(temporal.client, 'social'), { timeout: 10_000 }).toBe(60);
  });

  test("starts tasks in the manager's order", async () => {
    manager.answer = ok(tasks(5));
    expect(await dispatch('social', { ...dispatching, maxOpen: 2 })).toMatchObject({ started: 2, held: 3 });
    await expect.poll(openIds, { timeout: 10_000 }).toEqual([`social/t0-${round}`, `social/t1-${round}`]);
  });
});

describe('the most that may be open', () => {
  test('is not passed, whatever is open already', async () => {
    manager.answer = ok(tasks(30));
    expect(await dispatch('social', { ...dispatching, maxOpen: 25 })).toMatchObject({
      pulled: 30,
      started: 25,
      held: 5,
    });
    await expect.poll(() => countOpen(temporal.client, 'social'), { timeout: 10_000 }).toBe(25);
    expect(await dispatch('social', { ...dispatching, maxOpen: 25 })).toMatchObject({ started: 0, held: 30 });
  });

  test('is not used up by tasks that are open themselves', async () => {
    manager.answer = ok(tasks(3));
    await dispatch('social', dispatching);
    await expect.poll(() => countOpen(temporal.client, 'social'), { timeout: 10_000 }).toBe(3);
    manager.answer = ok(tasks(8));
    expect(await dispatch('social', { ...dispatching, maxOpen: 5 })).toMatchObject({ open: 3, started: 2, held: 3 });
  });
});

describe('a list', () => {
  test("that is full of what can't be worked is warned of", async () => {
    manager.answer = ok(tasks(1000, { domain: 'other.test' }));
    const { pulled, started, warnings } = await dispatch('social', dispatching);
    expect({ pulled, started }).toEqual({ pulled: 1000, started: 0 });
    expect(warnings).toEqual([
      expect.stringContaining("1000 tasks that can't be worked; they hide every task behind them"),
    ]);
    manager.answer = ok(tasks(999, { domain: 'other.test' }));
    expect((await dispatch('social', dispatching)).warnings).toEqual([]);
  });

  test.each([
    [ok({}), 'is not one'],
    [ok(), 'is not one'],
    [refuse(400, 'limit'), '400 limit'],
  ])('that is none is an error', async (answering, message) => {
    manager.answer = answering;
    await expect(dispatch('social', dispatching)).rejects.toThrow(message);
  });

  test('that is not given is a manager that is down', async () => {
    manager.answer = refuse(503, 'later');
    await expect(dispatch('social', dispatching)).rejects.toThrow(NoAnswer);
  });

  test('with a task that Temporal refuses starts the other tasks', async () => {
    manager.answer = ok([task('x'.repeat(2_000)), task('fine')]);
    const pulled = await dispatch('social', dispatching);
    expect(pulled).toMatchObject({ started: 1, malformed: [expect.stringContaining('xxx')] });
    await expect.poll(openIds, { timeout: 10_000 }).toEqual([`social/fine-${round}`]);
  });
});

describe('tasks that can’t be worked', () => {
  test('do not hold up those behind them, even when 999 of them head the list', async () => {
    const unworkable = [...tasks(500, { domain: 'other.test' }), ...tasks(499, { email: 7 })];
    manager.answer = ok([...unworkable, task('last')]);
    const { malformed, ...pulled } = await dispatch('social', dispatching);
    expect(pulled).toMatchObject({ pulled: 1000, started: 1, notEnabled: { 'other.test': 500 }, warnings: [] });
    expect(malformed).toHaveLength(499);
    await expect.poll(openIds, { timeout: 10_000 }).toEqual([`social/last-${round}`]);
  });
});

describe('podcast tasks', () => {
  const podcast = (name: string, request: string, domain: string, more: object = {}) => ({
    id: `${name}-${round}`,
    request_id: `${request}-${round}`,
    domain,
    ...more,
  });

  test('are handed over request by request: a main site’s, or a sub-site’s with its feed, opens a workflow', async () => {
    manager.answer = ok([
      podcast('main', 'both', 'MAIN.test'),
      podcast('sub', 'both', 'sub.test', { link_rss: '' }),
      podcast('fed', 'later', 'sub.test', { link_rss: 'https://main.test/feed.xml' }),
      podcast('bare', 'bare', 'sub.test', { link_rss: null }),
      podcast('unlisted', 'unlisted', 'other.test'),
    ]);
    expect(await dispatch('podcast', dispatching)).toMatchObject({
      pulled: 5,
      started: 2,
      waiting: 1,
      open: 0,
      notEnabled: { 'other.test': 1 },
    });
    expect(manager.taken.map(({ method, path: at }) => `${method} ${at}`)).toEqual([
      'GET /api/v1/podcast_account/links?limit=1000',
    ]);
    await expect
      .poll(openIds, { timeout: 10_000 })
      .toEqual([`podcast-request/both-${round}`, `podcast-request/later-${round}`]);

    const handle = temporal.client.workflow.getHandle(`podcast-request/both-${round}`);
    const { events } = await handle.fetchHistory();
    const started = events!.find(
      (event) => event.workflowExecutionStartedEventAttributes,
    )!.workflowExecutionStartedEventAttributes!;
    const signalled = events!.flatMap((event) => event.workflowExecutionSignaledEventAttributes ?? []);
    const read = (payloads: { data?: Uint8Array | null }[]) =>
      payloads.map(({ data }) => JSON.parse(Buffer.from(data!).toString('utf8')) as unknown);
    expect(read(started.input!.payloads!)).toEqual([`both-${round}`, { mainWaitMs: 1_000, atOnce: 2 }]);
    expect(signalled.map(({ signalName, input }) => [signalName, ...read(input!.payloads!)])).toEqual([
      [
        tasksWait.name,
        [
          { id: `main-${round}`, domain: 'MAIN.test', main: true, hasFeed: false },
          { id: `sub-${round}`, domain: 'sub.test', main: false, hasFeed: false },
        ],
      ],
    ]);
  });

  test('are told again to a workflow that has not shown yet which it knows', async () => {
    // No worker polls, so the workflow shows nothing; being told twice does it no harm.
    manager.answer = ok([podcast('main', 'silent', 'main.test')]);
    await dispatch('podcast', dispatching);
    expect(await dispatch('podcast', dispatching)).toMatchObject({ started: 0, waiting: 0, open: 1 });
    const { events } = await temporal.client.workflow.getHandle(`podcast-request/silent-${round}`).fetchHistory();
    expect(events!.filter((event) => event.workflowExecutionSignaledEventAttributes)).toHaveLength(2);
  });
});
