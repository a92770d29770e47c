import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ScheduleNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Enlist, mailDomain, podcastRequest, socialRequest, startEnlist } from '../support/enlist.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let stack: Enlist;
let taskIds: string[];

beforeAll(async () => {
  stack = await startEnlist({
    mailboxes: [`brand@${mailDomain}`],
    sites: ['a', 'b', 'c'].map((name) => ({ domain: `${name}.practice.test`, confirmation: 'none' })),
    podcasts: [
      { kind: 'host', domain: 'host.practice.test', confirmation: 'none' },
      { kind: 'directory', domain: 'directory.practice.test', confirmation: 'none' },
    ],
  });
  const requestId = await stack.admin.makeRequest(
    socialRequest(stack, 'brand', ['a.practice.test', 'b.practice.test', 'c.practice.test']),
  );
  taskIds = (await stack.admin.readRequest(requestId)).tasks.map(({ id }) => id);
});
afterAll(() => stack.close());

/** Runs a command with an environment changed from the stack's; an undefined one is unset. */
async function runWith(change: Record<string, string | undefined>, script: string, ...args: string[]) {
  const env: NodeJS.ProcessEnv = { ...process.env, ...stack.env, ...change };
  for (const [name, value] of Object.entries(change)) if (value === undefined) delete env[name];
  const child = spawn(process.execPath, ['--import', 'tsx', path.join(root, script), ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

const lastLine = (output: string) => JSON.parse(output.trim().split('\n').at(-1)!) as Record<string, unknown>;
const isOneSentence = (stderr: string) => !/\n\s+at /.test(stderr) && stderr.startsWith('error: ');

describe('--help', () => {
  test.each([
    ['scripts/social.ts', ['<id>', '--wait', 'Exit code']],
    ['scripts/entity.ts', ['<id>', '--wait', 'Exit code']],
    ['scripts/podcast.ts', ['<request-id>', '--wait', 'Exit code']],
    ['scripts/miniapp.ts', ['<user.json>', '--wait', 'Exit code']],
    ['scripts/site.ts', ['list', 'pause', 'resume']],
    ['scripts/versions.ts', ['list', 'make-current']],
    ['scripts/dispatch.ts', ['--every <duration>', '--once', '--pause', '--resume', '--trigger', '--remove']],
    ['scripts/dev/demo/demo.ts', ['--once']],
    ['workers/worker/main.ts', ['--queue <name>', 'workflows', 'services', 'browser']],
  ])('of %s says what it takes, and starts nothing', async (script, words) => {
    const { code, stdout, stderr } = await runWith({}, script, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: npm (run \w+|start) -- /);
    for (const word of words) expect(stdout).toContain(word);
  });
});

describe("what can't be started ends with 2 and a sentence that says what to do", () => {
  test.each<[string, Record<string, string | undefined>, string, string[], RegExp]>([
    [
      'no Temporal',
      { TEMPORAL_ADDRESS: '127.0.0.1:1' },
      'scripts/social.ts',
      ['x'],
      /no Temporal at 127\.0\.0\.1:1: start it with "npm start"/,
    ],
    [
      'no manager',
      { ASSIGN_URL: 'http://127.0.0.1:1' },
      'scripts/dispatch.ts',
      ['--once'],
      /the manager at http:\/\/127\.0\.0\.1:1 gives no answer .*is it running\?/,
    ],
    ['a wrong key', { ASSIGN_API_KEY: 'planted-wrong-key' }, 'scripts/social.ts', ['x'], /refuses ASSIGN_API_KEY/],
    ['no such task', {}, 'scripts/social.ts', ['no-such-task'], /the manager knows no social task no-such-task/],
    ['no such entity task', {}, 'scripts/entity.ts', ['no-such-task'], /the manager knows no entity task no-such-task/],
    [
      'no such podcast request',
      {},
      'scripts/podcast.ts',
      ['no-such-request'],
      /no waiting task of the podcast request no-such-request/,
    ],
    [
      'a podcast without a manager',
      { ASSIGN_URL: 'http://127.0.0.1:1' },
      'scripts/podcast.ts',
      ['x'],
      /gives no answer .*is it running\?/,
    ],
    ['no user file', {}, 'scripts/miniapp.ts', ['/nowhere/user.json'], /\/nowhere\/user\.json can't be read as JSON/],
    ['a user without a shop', {}, 'scripts/miniapp.ts', ['USER.json'], /MINIAPP_SHOP_ID is not set/],
    [
      'a site that is not listed',
      {},
      'scripts/site.ts',
      ['pause', 'other.test'],
      /other\.test is not listed in SITES_FILE/,
    ],
    ['too short a pause', {}, 'scripts/site.ts', ['pause', 'a.practice.test', '--for', '1ms'], /at least 1s/],
    [
      'a version that nobody runs',
      {},
      'scripts/versions.ts',
      ['make-current', 'next'],
      /no worker with the BUILD_ID next has polled \(no worker has had one\)/,
    ],
    [
      'nothing set',
      { ASSIGN_URL: undefined, ASSIGN_API_KEY: '' },
      'scripts/social.ts',
      ['x'],
      /ASSIGN_URL is not set\nASSIGN_API_KEY is not set/,
    ],
    [
      'a malformed key ring',
      { ENLIST_KEYS: 'planted-bad-keys' },
      'scripts/social.ts',
      ['x'],
      /ENLIST_KEYS: entry 1 must be id:base64/,
    ],
    [
      'no sites file',
      { SITES_FILE: '/nowhere/sites.yaml' },
      'scripts/dispatch.ts',
      ['--once'],
      /SITES_FILE \/nowhere\/sites\.yaml can't be read: write one/,
    ],
    ['too short an interval', {}, 'scripts/dispatch.ts', ['--every', '5'], /at least 1s/],
    ['an unknown option', {}, 'scripts/social.ts', ['x', '--wiat'], /unknown option '--wiat'/],
  ])('%s', async (_name, change, script, args, message) => {
    const userFile = path.join(stack.folder, 'user.json');
    writeFileSync(userFile, JSON.stringify({ zalo_user_id: '1', name: 'Nguyễn Thị Mẫu' }));
    const { code, stdout, stderr } = await runWith(
      change,
      script,
      ...args.map((arg) => (arg === 'USER.json' ? userFile : arg)),
    );
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(isOneSentence(stderr)).toBe(true);
    expect(stdout + stderr).not.toContain('planted');
  });

  test('a malformed sites file', async () => {
    const file = path.join(stack.folder, 'spoilt.yaml');
    writeFileSync(file, 'sites:\n  - { domain: a.practice.test, recipe: practice-social }\n');
    const { code, stderr } = await runWith({ SITES_FILE: file }, 'scripts/dispatch.ts', '--once');
    expect(stderr).toMatch(/spoilt\.yaml:[^]*permission/);
    expect({ code, sentence: isOneSentence(stderr) }).toEqual({ code: 2, sentence: true });
  });

  test('a mini-app user that is none', async () => {
    const file = path.join(stack.folder, 'no-user.json');
    writeFileSync(file, JSON.stringify({ zalo_user_id: '1', gender: 'unsaid' }));
    const { code, stderr } = await stack.run('scripts/miniapp.ts', file);
    expect(stderr).toMatch(
      /no-user\.json is no mini-app user:[^]*name[^]*gender|no-user\.json is no mini-app user:[^]*gender[^]*name/,
    );
    expect({ code, sentence: isOneSentence(stderr) }).toEqual({ code: 2, sentence: true });
  });

  test('a podcast request of sub-sites whose main site is not there', async () => {
    const requestId = await stack.admin.makeRequest(podcastRequest(stack, 'brand', ['directory.practice.test']));
    const { code, stderr } = await stack.run('scripts/podcast.ts', requestId);
    expect(stderr).toContain(
      "wait for a main site's feed (main sites are host.practice.test): there is nothing to start",
    );
    expect(code).toBe(2);
  });

  test('a task in another status', async () => {
    const api = (call: string, body?: object) =>
      fetch(`${stack.env.ASSIGN_URL}/api/v1/social_account/links/${taskIds[2]}/${call}`, {
        method: 'POST',
        headers: { 'x-api-key': stack.env.ASSIGN_API_KEY!, ...(body && { 'content-type': 'application/json' }) },
        body: body ? JSON.stringify(body) : null,
      });
    expect((await api('start')).status).toBe(200);
    const { code, stderr } = await stack.run('scripts/social.ts', taskIds[2]!);
    expect(stderr).toContain(`the task ${taskIds[2]} is not in register but in registering: there is nothing to start`);
    expect(code).toBe(2);
  });

  test('a worker without what it needs names all of it', async () => {
    const { code, stderr } = await runWith(
      { ASSIGN_URL: undefined, SITES_FILE: undefined },
      'workers/worker/main.ts',
      '--queue',
      'services',
    );
    expect(stderr).toMatch(/ASSIGN_URL is not set\nSITES_FILE is not set/);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(code).not.toBe(0);
  });
});

describe('without a worker', () => {
  test('a task is started once, with a warning, and a second start is none', async () => {
    const first = await stack.run('scripts/social.ts', taskIds[0]!);
    expect(first.stderr).toContain(
      'no worker polls the queues workflows, services, browser: start one with "npm run worker"',
    );
    expect(lastLine(first.stdout)).toMatchObject({ workflowId: `social/${taskIds[0]}` });
    expect(first.code).toBe(0);
    const podcast = await stack.admin.makeRequest(podcastRequest(stack, 'other', ['host.practice.test']));
    for (const code of [0, 2]) {
      const started = await stack.run('scripts/podcast.ts', podcast);
      expect(lastLine(started.stdout)).toMatchObject({ workflowId: `podcast-request/${podcast}` });
      expect(started.code).toBe(code);
    }

    const second = await stack.run('scripts/social.ts', taskIds[0]!);
    expect(second.stderr).toContain(`social/${taskIds[0]} is running already`);
    expect(lastLine(second.stdout)).toMatchObject({ workflowId: `social/${taskIds[0]}` });
    expect(second.code).toBe(2);
  });
});

describe('the schedules', () => {
  const schedule = () => stack.client.schedule.getHandle('pull/social');

  test('are made, changed, paused, resumed, triggered and removed', async () => {
    const absent = await stack.run('scripts/dispatch.ts', '--pause');
    expect(absent).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no schedule pull/social: make it with "npm run dispatch"'),
    });

    expect(await stack.run('scripts/dispatch.ts')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('pull/social: made, every 10 s'),
    });
    expect((await schedule().describe()).spec.intervals).toMatchObject([{ every: 10_000 }]);
    expect(await stack.run('scripts/dispatch.ts', '--every', '1h')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('pull/social: updated, every 3600 s'),
    });
    expect((await schedule().describe()).spec.intervals).toMatchObject([{ every: 3_600_000 }]);

    expect(await stack.run('scripts/dispatch.ts', '--pause')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('pull/social: paused'),
    });
    expect((await schedule().describe()).state.paused).toBe(true);
    expect(await stack.run('scripts/dispatch.ts', '--resume')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('pull/social: resumed'),
    });
    expect((await schedule().describe()).state.paused).toBe(false);

    const before = (await schedule().describe()).info.numActionsTaken;
    expect(await stack.run('scripts/dispatch.ts', '--trigger')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('pull/social: triggered'),
    });
    await expect
      .poll(async () => (await schedule().describe()).info.numActionsTaken, { timeout: 10_000 })
      .toBe(before + 1);

    expect(await stack.run('scripts/dispatch.ts', '--remove')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('pull/social: removed'),
    });
    await expect(schedule().describe()).rejects.toThrow(ScheduleNotFoundError);
  });
});

describe('with a worker', () => {
  test('--wait follows a task to its end and tells the outcome by its last line and exit code; a site is paused and resumed', async () => {
    const worker = await stack.startWorker();
    const done = await stack.run('scripts/social.ts', taskIds[1]!, '--wait');
    expect(lastLine(done.stdout)).toMatchObject({ workflowId: `social/${taskIds[1]}`, outcome: 'completed' });
    expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining('createAccount') });
    expect(done.stderr).not.toContain('warning');
    expect(await stack.run('scripts/social.ts', taskIds[1]!)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('but in completed'),
    });

    expect(await stack.run('scripts/site.ts', 'pause', 'c.practice.test', '--for', '2h')).toMatchObject({
      code: 0,
      stdout: 'c.practice.test: paused for 7200 s\n',
    });
    const paused = new RegExp(`c\\.practice\\.test .*paused \\(by hand\\) until 20`);
    await expect
      .poll(async () => (await stack.run('scripts/site.ts', 'list')).stdout, { timeout: 20_000 })
      .toMatch(paused);
    expect(await stack.run('scripts/site.ts', 'resume', 'c.practice.test')).toMatchObject({
      code: 0,
      stdout: 'c.practice.test: resumed\n',
    });
    expect((await stack.run('scripts/site.ts', 'list')).stdout).not.toMatch(paused);
    expect(await worker.end('SIGTERM')).toBe(0);
  });
});
