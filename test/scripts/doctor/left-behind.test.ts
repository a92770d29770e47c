import { execFileSync } from 'node:child_process';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Flow } from '../../../contracts/flows.ts';
import { searchAttributes } from '../../../contracts/workflows.ts';
import { writeAdoption } from '../../../scripts/doctor/adoption.ts';
import { findLeftBehind } from '../../../scripts/doctor/left-behind.ts';
import { AdminClient } from '../../../services/manager-client/admin-client.ts';
import { NoAnswer, TaskClient } from '../../../services/manager-client/task-client.ts';
import { AnsweringServer, json, ok, refuse } from '../../support/answering-server.ts';

let manager: AnsweringServer;
/** What the manager has, by flow and id. */
let statuses: Record<string, string>;
/** What its books said when they were read, by id, where that was something else. */
let was: Record<string, string>;
let requests: { id: string; type: Flow; tasks: string[] }[];
const paths: Record<string, Flow> = { social_account: 'social', entity: 'entity', podcast_account: 'podcast' };

beforeAll(async () => {
  manager = await AnsweringServer.start();
});
afterAll(() => manager.close());
beforeEach(() => {
  statuses = {};
  was = {};
  requests = [];
  manager.taken.length = 0;
  manager.answer = answerFromBooks;
});

const taskOf = (id: string) => ({ id, request_id: `request-of-${id}`, domain: `${id}.test` });

/** A page holds one request. */
const answerFromBooks: AnsweringServer['answer'] = (response, request, taken) => {
  const { pathname, searchParams } = new URL(taken.path, manager.url);
  const [, , , api, kind, id] = pathname.split('/') as [string, string, string, string, string, string | undefined];
  const answer = () => {
    if (api !== 'admin') {
      const status = statuses[`${paths[api]}/${id}`];
      if (status === undefined) return refuse(404, 'task not found');
      return api === 'podcast_account' || searchParams.get('status') === status
        ? ok(taskOf(id!))
        : refuse(409, 'status mismatch');
    }
    if (kind === 'tasks') return ok(taskDetail(id!));
    if (id !== undefined) return ok(requestDetail(requests.find((one) => one.id === id)!));
    const place = Number(searchParams.get('cursor') ?? 0);
    return json(200, {
      success: true,
      data: requests.slice(place, place + 1).map(summary),
      next_cursor: place + 1 < requests.length ? String(place + 1) : null,
    });
  };
  answer()(response, request, taken);
};

function summary({ id, type, tasks }: (typeof requests)[number]) {
  const counts: Record<string, number> = {};
  for (const task of tasks) counts[booked(type, task)] = (counts[booked(type, task)] ?? 0) + 1;
  return {
    id,
    type,
    website: 'https://brand.test',
    status: 'open',
    counts,
    target: tasks.length,
    group_id: 'group',
    created_at: '2026-01-01T00:00:00.000Z',
  };
}

const booked = (type: Flow, id: string) => was[id] ?? statuses[`${type}/${id}`]!;

function requestDetail(request: (typeof requests)[number]) {
  const tasks = request.tasks.map((id) => ({
    id,
    domain: `${id}.test`,
    status: booked(request.type, id),
    retry_count: 0,
    link_profile: '',
    error_message: null,
  }));
  return { ...summary(request), entity_connect: null, max_retries: 3, tasks };
}

function taskDetail(id: string) {
  const texts = Object.fromEntries(
    [
      'website',
      'email',
      'username',
      'about',
      'link_profile',
      'link_rss',
      'password',
      'pass_mail',
      'twofa',
      'app_password',
      'cookie',
    ].map((name) => [name, '']),
  );
  const times = { created_at: '2026-01-01T00:00:00.000Z', started_at: null, retry_at: null };
  return {
    ...texts,
    ...times,
    ...taskOf(id),
    type: 'podcast',
    status: statuses[`podcast/${id}`],
    retry_count: 0,
    history: [],
  };
}

interface Run {
  status: string;
  outcome?: string;
}

/** Temporal, with the last workflow of each task; all of them closed without a report before. */
function temporal(runs: Record<string, Run>): Client {
  const workflow = {
    async *list() {
      for (const workflowId of [...Object.keys(runs), ...Object.keys(runs), 'made-by-hand'])
        yield await Promise.resolve({ workflowId });
    },
    getHandle: (workflowId: string) => ({
      describe() {
        const run = runs[workflowId];
        if (!run) return Promise.reject(new WorkflowNotFoundError('not found', workflowId, undefined));
        const typedSearchAttributes = new TypedSearchAttributes(
          run.outcome ? [{ key: searchAttributes.outcome, value: run.outcome }] : [],
        );
        return Promise.resolve({
          status: { name: run.status },
          closeTime: run.status === 'RUNNING' ? undefined : new Date(),
          typedSearchAttributes,
        });
      },
    }),
  };
  return { workflow } as unknown as Client;
}

const terminated: Run = { status: 'TERMINATED' };

function find(runs: Record<string, Run>, { admin = false } = {}) {
  return findLeftBehind({
    client: temporal(runs),
    assign: new TaskClient(manager.url, 'worker-key'),
    admin: admin ? new AdminClient(manager.url, 'admin-key') : undefined,
  });
}

test('tasks that closed without a report are listed once each, in whatever phase they were left', async () => {
  statuses = { 'social/a': 'registering', 'entity/b': 'registering', 'entity/c': 'connecting', 'podcast/d': 'running' };
  const found = await find({
    'social/a': terminated,
    'entity/b': { status: 'TIMED_OUT' },
    'entity/c': { status: 'FAILED' },
    'podcast/d': { status: 'CANCELLED' },
  });
  expect(found.map(({ flow, taskId, status, lastWorkflow }) => [flow, taskId, status, lastWorkflow])).toEqual([
    ['social', 'a', 'registering', 'terminated'],
    ['entity', 'b', 'registering', 'timed out'],
    ['entity', 'c', 'connecting', 'failed'],
    ['podcast', 'd', null, 'cancelled'],
  ]);
  expect(found[0]).toMatchObject({ requestId: 'request-of-a', domain: 'a.test' });
  expect(new Set(manager.taken.map(({ method }) => method))).toEqual(new Set(['GET']));
});

test('tasks that are at work, were reported since, wait again, or were deleted are not', async () => {
  statuses = { 'social/a': 'registering', 'social/b': 'completed', 'social/c': 'register', 'podcast/d': 'completed' };
  const completed = { status: 'COMPLETED', outcome: 'completed' };
  expect(
    await find({
      'social/a': { status: 'RUNNING' },
      'social/b': completed,
      'social/c': terminated,
      'podcast/d': completed,
      'social/e': terminated,
    }),
  ).toEqual([]);
});

test('a task whose last workflow left it alone still counts, since nothing was reported', async () => {
  statuses = { 'social/a': 'registering' };
  expect(await find({ 'social/a': { status: 'COMPLETED', outcome: 'left' } })).toMatchObject([
    { taskId: 'a', lastWorkflow: 'completed' },
  ]);
});

test('more tasks than are checked at a time are all listed', async () => {
  const ids = Array.from({ length: 23 }, (_, index) => `t${index}`);
  statuses = Object.fromEntries(ids.map((id) => [`social/${id}`, 'registering']));
  const found = await find(Object.fromEntries(ids.map((id) => [`social/${id}`, terminated])));
  expect(found.map(({ taskId }) => taskId)).toEqual(ids);
});

test('the books add, page by page, what Temporal does not remember, and tell the status of podcast tasks', async () => {
  statuses = {
    'social/a': 'registering',
    'social/b': 'completed',
    'entity/c': 'connecting',
    'podcast/d': 'running',
    'podcast/e': 'completed',
  };
  requests = [
    { id: 'r1', type: 'social', tasks: ['b'] },
    { id: 'r2', type: 'social', tasks: ['a', 'b'] },
    { id: 'r3', type: 'entity', tasks: ['c'] },
    { id: 'r4', type: 'podcast', tasks: ['d', 'e'] },
  ];
  const found = await find({ 'podcast/e': terminated, 'entity/c': { status: 'RUNNING' } }, { admin: true });
  expect(found.map(({ taskId, status, lastWorkflow }) => [taskId, status, lastWorkflow])).toEqual([
    ['a', 'registering', null],
    ['d', 'running', null],
  ]);
  // Only requests with tasks at work are read, and of them only those tasks.
  expect(manager.taken.filter(({ path }) => /requests\/r1|links\/b/.test(path))).toEqual([]);
});

test('what was reported while the books were read is not listed', async () => {
  was = { a: 'registering', d: 'running' };
  statuses = { 'social/a': 'completed', 'podcast/d': 'completed' };
  requests = [
    { id: 'r1', type: 'social', tasks: ['a'] },
    { id: 'r2', type: 'podcast', tasks: ['d'] },
  ];
  expect(await find({}, { admin: true })).toEqual([]);
});

test('a manager that asks for a pause is given it; one that asks for a day is not waited for', async () => {
  statuses = { 'social/a': 'registering' };
  requests = [{ id: 'r1', type: 'social', tasks: ['a'] }];
  const pause = json(429, { success: false, message: 'too many calls' }, { 'retry-after': '1' });
  const paused = new Set<string>();
  manager.answer = (...given) => {
    const { key } = given[2];
    const answer = paused.has(key!) ? answerFromBooks : pause;
    paused.add(key!);
    answer(...given);
  };
  expect(await find({}, { admin: true })).toMatchObject([{ taskId: 'a' }]);
  expect(paused).toEqual(new Set(['admin-key', 'worker-key']));

  manager.answer = json(429, { success: false, message: 'too many calls' }, { 'retry-after': '86400' });
  await expect(find({ 'social/a': terminated })).rejects.toThrow(NoAnswer);
  await expect(find({}, { admin: true })).rejects.toThrow(/answers 429 to GET \/requests/);
});

test('a task of which the manager refuses to tell is named', async () => {
  manager.answer = refuse(400, 'status: unknown');
  await expect(find({ 'entity/a': terminated })).rejects.toThrow(
    'the manager refuses to tell of the entity task a: 400 status: unknown',
  );
});

test('an adopting command holds each id as one word, whatever is in it', () => {
  expect(writeAdoption({ flow: 'social', taskId: 'b1946ac9-0000', requestId: 'r' })).toBe(
    'npm run social -- b1946ac9-0000 --adopt',
  );
  const odd = `a b'; $(exit 3) "`;
  const command = writeAdoption({ flow: 'podcast', taskId: odd, requestId: 'r' });
  const words = execFileSync('sh', ['-c', `printf '%s\\n' ${command.slice('npm run podcast -- '.length)}`], {
    encoding: 'utf8',
  });
  expect(words.trimEnd().split('\n')).toEqual(['r', '--adopt', odd]);
});
