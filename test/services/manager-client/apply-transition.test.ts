import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createManagerActivities, type ManagerActivities } from '../../../activities/manager.ts';
import { Sites } from '../../../config/sites-file.ts';
import { applyOnce, type Transition } from '../../../services/manager-client/apply-transition.ts';
import { TaskClient } from '../../../services/manager-client/task-client.ts';
import { type Answering, AnsweringServer, breakOff, ok, refuse } from '../../support/answering-server.ts';

let server: AnsweringServer;
let client: TaskClient;
let folder: string;
let activities: ManagerActivities;

beforeEach(async () => {
  server = await AnsweringServer.start();
  client = new TaskClient(server.url, 'worker-key', 300);
  folder = mkdtempSync(path.join(os.tmpdir(), 'enlist-report-'));
  const sitesFile = path.join(folder, 'sites.yaml');
  writeFileSync(
    sitesFile,
    'sites:\n  - { domain: site.test, recipe: practice-social, permission: a test of our own }\n',
  );
  activities = createManagerActivities({ client, sites: new Sites(sitesFile), mainDomains: ['main.test'] });
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await server.close();
});

const quiet = () => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
const calls = () => server.taken.map(({ method, path: at }) => `${method} ${at.split('/').slice(4).join('/')}`);
const wrongStatus = refuse(409, 'status mismatch');
const start: Transition = { flow: 'social', id: 'a', call: 'start', from: 'register' };
const completePodcast: Transition = {
  flow: 'podcast',
  id: 'a',
  call: 'complete',
  from: undefined,
  body: { email: 'e' },
};

describe('a first, undoubted call', () => {
  test.each<[string, Answering, object]>([
    ['that is taken is applied', ok(), { kind: 'applied' }],
    ["that is refused for the status means that the task is someone else's", wrongStatus, { kind: 'refused' }],
    ['for a task that was deleted has nothing to report', refuse(404, 'task not found'), { kind: 'gone' }],
    [
      'whose form is refused says so',
      refuse(400, 'placeholder rejected'),
      { kind: 'invalid', message: '400 placeholder rejected' },
    ],
  ])('%s', async (_name, answering, expected) => {
    server.answer = answering;
    expect(await applyOnce(client, start, false)).toEqual(expected);
    expect(calls()).toEqual(['POST links/a/start']);
  });
});

describe('a doubted call', () => {
  test('that was not applied is repeated', async () => {
    server.answerInTurn(ok({ id: 'a' }), ok());
    expect(await applyOnce(client, start, true)).toEqual({ kind: 'applied' });
    expect(calls()).toEqual(['GET links/a?status=register', 'POST links/a/start']);
  });

  test.each<[string, Answering]>([
    ['409', wrongStatus],
    ["entity's 404", refuse(404, 'task not in expected status')],
  ])('that was applied, by %s, is not repeated', async (_name, answering) => {
    server.answer = answering;
    expect(await applyOnce(client, start, true)).toEqual({ kind: 'applied' });
    expect(calls()).toEqual(['GET links/a?status=register']);
  });

  test('that arrives between the look and the repeat counts as ours', async () => {
    server.answerInTurn(ok({ id: 'a' }), wrongStatus);
    expect(await applyOnce(client, start, true)).toEqual({ kind: 'applied' });
  });

  test('for a task that was deleted meanwhile has nothing to report', async () => {
    server.answer = refuse(404, 'task not found');
    expect(await applyOnce(client, start, true)).toEqual({ kind: 'gone' });
  });

  test('of a flow that tells no status is repeated, and its refusal means that it was applied', async () => {
    server.answer = wrongStatus;
    expect(await applyOnce(client, completePodcast, true)).toEqual({ kind: 'applied' });
    expect(await applyOnce(client, completePodcast, false)).toEqual({ kind: 'refused' });
    expect(calls()).toEqual(['POST links/a/complete', 'POST links/a/complete']);
  });
});

describe('the reports', () => {
  const run = (name: 'completeTask' | 'failTask', body: object) =>
    quiet().run((): Promise<unknown> => activities[name]('social', 'a', 'registering', body as never));

  test('a body that holds a sample value is never sent', async () => {
    expect(await run('completeTask', { email: 'me@yourdomain.test' })).toEqual({
      kind: 'invalid',
      message: 'placeholder rejected: email',
    });
    expect(calls()).toEqual([]);
  });

  test('an error message is cut to 1000 characters, never within one', async () => {
    server.answer = ok();
    await run('failTask', { status: 'register_failed', error_message: '😀'.repeat(1500) });
    const { error_message: sent } = JSON.parse(server.taken[0]!.body) as { error_message: string };
    expect([...sent]).toHaveLength(1000);
    expect(Buffer.from(sent).toString('utf8')).toBe(sent);
  });

  test('a failure whose text is refused is sent once more with a fixed one', async () => {
    server.answerInTurn(refuse(400, 'error_message: too odd'), ok());
    const body = { status: 'profile_failed', error_message: 'odd', link_profile: 'https://site.test/u/a', note: 'n' };
    expect(await run('failTask', body)).toEqual({ kind: 'applied' });
    expect(server.taken.map(({ body: sent }) => JSON.parse(sent) as object)).toEqual([
      body,
      { status: 'profile_failed', error_message: 'failed; the details were refused by the manager' },
    ]);
  });

  test('and is given up when the fixed text is refused too', async () => {
    server.answer = refuse(400, 'no');
    expect(await run('failTask', { status: 'register_failed', error_message: 'odd' })).toEqual({
      kind: 'invalid',
      message: '400 no',
    });
    expect(calls()).toHaveLength(2);
  });
});

describe('reading a task', () => {
  const read = () => quiet().run((): Promise<unknown> => activities.readTask('social', 'a', 'register'));
  const task = { id: 'a', request_id: 'r', domain: 'Site.test' };

  test.each<[string, Answering, object]>([
    [
      'with unknown and null fields is taken',
      ok({ ...task, phone: null, images: null, more: {} }),
      { kind: 'task', task: expect.objectContaining({ ...task, phone: '', images: [] }) },
    ],
    [
      'of a domain that is not listed is left',
      ok({ ...task, domain: 'other.test' }),
      { kind: 'left', reason: 'not enabled' },
    ],
    ['without an id is left', ok({ ...task, id: '' }), { kind: 'left', reason: 'malformed' }],
    ['with a field of the wrong type is left', ok({ ...task, email: 7 }), { kind: 'left', reason: 'malformed' }],
    ['in another status is left', wrongStatus, { kind: 'left', reason: 'stale' }],
    ['that was deleted is left', refuse(404, 'task not found'), { kind: 'left', reason: 'gone' }],
  ])('one %s', async (_name, answering, expected) => {
    server.answer = answering;
    expect(await read()).toEqual(expected);
    expect(calls()).toEqual(['GET links/a?status=register']);
  });

  test('from a manager that is down is tried again by Temporal, when the manager says', async () => {
    server.answerInTurn(breakOff, (response, request, taken) => {
      response.setHeader('retry-after', '9');
      refuse(503, 'later')(response, request, taken);
    });
    await expect(read()).rejects.toMatchObject({ type: 'ManagerUnavailable', nonRetryable: false });
    await expect(read()).rejects.toMatchObject({ type: 'ManagerUnavailable', nextRetryDelay: 9_000 });
  });
});
