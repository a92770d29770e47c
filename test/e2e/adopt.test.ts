import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Workflows, workflows } from '../../contracts/workflows.ts';
import { startTask } from '../../temporal/start-task.ts';
import { adminKey, type Enlist, mailDomain, podcastRequest, socialRequest, startEnlist } from '../support/enlist.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let stack: Enlist;

beforeAll(async () => {
  stack = await startEnlist({
    mailboxes: ['brand', 'linked', 'booked', 'cast'].map((name) => `${name}@${mailDomain}`),
    sites: [
      { domain: 'mailed.practice.test', confirmation: 'link' },
      { domain: 'plain.practice.test', confirmation: 'none' },
    ],
    podcasts: [{ kind: 'host', domain: 'host.practice.test', confirmation: 'none' }],
  });
});
afterAll(() => stack.close());

interface Listed {
  taskId: string;
  command: string;
}

/** Runs a command with the admin key, and with an environment changed from the stack's; an undefined one is unset. */
async function run(change: Record<string, string | undefined>, script: string, ...args: string[]) {
  const env: NodeJS.ProcessEnv = { ...process.env, ...stack.env, ASSIGN_ADMIN_KEY: adminKey, ...change };
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

async function doctor(
  change: Record<string, string | undefined> = {},
): Promise<{ code: number | null; tasks: Listed[]; stderr: string }> {
  const { code, stdout, stderr } = await run(change, 'scripts/doctor.ts', '--json');
  return { code, stderr, ...(JSON.parse(stdout) as { tasks: Listed[] }) };
}

/** A worker until the end of the test. */
async function startWorker(): Promise<void> {
  const worker = await stack.startWorker();
  onTestFinished(() => worker.end('SIGTERM').then(() => {}));
}

/** Runs the command that the doctor gave, in the way of `npm run`. */
function follow(command: string, ...more: string[]) {
  const [, , flow, , ...args] = command.split(' ');
  return stack.run(`scripts/${flow}.ts`, ...args, ...more);
}

const withoutAdmin = { ASSIGN_ADMIN_KEY: undefined };
const lastLine = (output: string) => JSON.parse(output.trim().split('\n').at(-1)!) as Record<string, unknown>;
const siteOf = (domain: string) => stack.practice.sites.find((site) => site.domain === domain)!;
const statuses = async (id: string) => (await stack.admin.readTask(id)).history.map(({ to }) => to);

async function makeTask(
  username: string,
  domain: string,
  type: 'social' | 'entity' = 'social',
  account: object = {},
): Promise<string> {
  const request = socialRequest(stack, username, [domain]);
  const accounts = request.accounts.map((one) => ({ ...one, ...account }));
  const requestId = await stack.admin.makeRequest({
    ...request,
    type,
    accounts,
    entity_connect: { mode: 'custom', link: ['https://brand.example/'] },
  });
  return (await stack.admin.readRequest(requestId)).tasks[0]!.id;
}

/** Terminates a workflow and waits until Temporal's list of the closed ones shows it, which lags a little behind. */
async function terminate(workflowId: string): Promise<void> {
  await stack.client.workflow.getHandle(workflowId).terminate('by hand');
  const query = `WorkflowId = "${workflowId}" AND ExecutionStatus = "Terminated"`;
  await expect.poll(async () => (await stack.client.workflow.count(query)).count, { timeout: 30_000 }).toBe(1);
}

/** Starts a task at the manager, as a workflow would. */
async function post(flow: 'social_account' | 'podcast_account', id: string, call: string): Promise<void> {
  const answer = await fetch(`${stack.env.ASSIGN_URL}/api/v1/${flow}/links/${id}/${call}`, {
    method: 'POST',
    headers: { 'x-api-key': stack.env.ASSIGN_API_KEY! },
  });
  expect(answer.status).toBe(200);
}

test('a task whose workflow was terminated in the middle of its sign-up is listed, adopted and completed, with one account', async () => {
  await startWorker();
  const site = siteOf('mailed.practice.test');
  site.setBehaviour({ delayBeforeCreate: 3_000 });
  const id = await makeTask('brand', 'mailed.practice.test');
  await startTask(stack.client, 'social', { id, status: 'register' });
  await expect.poll(() => site.state().counts.signUpSubmits.length, { timeout: 60_000, interval: 50 }).toBe(1);
  await terminate(`social/${id}`);
  await expect.poll(() => site.state().counts.accountsMade, { timeout: 30_000, interval: 50 }).toBe(1);
  const command = `npm run social -- ${id} --adopt`;
  expect(await doctor(withoutAdmin)).toMatchObject({
    code: 1,
    tasks: [
      {
        flow: 'social',
        taskId: id,
        domain: 'mailed.practice.test',
        status: 'registering',
        lastWorkflow: 'terminated',
        command,
      },
    ],
    stderr: expect.stringContaining('without ASSIGN_ADMIN_KEY'),
  });
  const table = await run({}, 'scripts/doctor.ts');
  expect(table.code).toBe(1);
  expect(table.stdout).toMatch(new RegExp(`mailed\\.practice\\.test +│ registering +│ terminated +│ ${command} `));

  const adopted = await follow(command, '--wait');
  expect(lastLine(adopted.stdout), adopted.stderr).toMatchObject({ workflowId: `social/${id}`, outcome: 'completed' });
  expect(adopted.code).toBe(0);
  expect(adopted.stderr).not.toContain('createAccount');
  expect(site.state().counts.accountsMade).toBe(1);
  expect(await statuses(id)).toEqual(['register', 'registering', 'completed']);
  expect(await run({}, 'scripts/doctor.ts')).toMatchObject({
    code: 0,
    stdout: 'no task was left behind\n',
    stderr: '',
  });
});

test('a connect phase whose workflow was terminated is adopted in its own phase', async () => {
  const site = siteOf('plain.practice.test');
  await startWorker();
  const password = 'Password-1';
  const social = await makeTask('linked', 'plain.practice.test', 'social', { password });
  await startTask(stack.client, 'social', { id: social, status: 'register' });
  expect(await stack.client.workflow.getHandle(`social/${social}`).result()).toMatchObject({ outcome: 'completed' });
  const { link_profile: profile } = await stack.admin.readTask(social);
  const id = await makeTask('linked', 'plain.practice.test', 'entity', { password, link_profile: profile });
  site.setBehaviour({ slow: 2_000 });
  await startTask(stack.client, 'entity', { id, status: 'connect' });
  await expect
    .poll(async () => (await stack.admin.readTask(id)).status, { timeout: 60_000, interval: 50 })
    .toBe('connecting');
  await terminate(`entity/${id}`);
  site.setBehaviour({});
  const command = `npm run entity -- ${id} --adopt`;
  expect(await doctor(withoutAdmin)).toMatchObject({ code: 1, tasks: [{ taskId: id, status: 'connecting', command }] });
  const adopted = await follow(command, '--wait');
  expect(lastLine(adopted.stdout), adopted.stderr).toMatchObject({ workflowId: `entity/${id}`, outcome: 'completed' });
  expect(adopted.code).toBe(0);
  expect(await statuses(id)).toEqual(['connect', 'connecting', 'completed']);
  expect(await (await fetch(profile)).text()).toContain('https://brand.example/');
});

describe('without a worker', () => {
  test('a task that Temporal knows nothing of is found in the manager’s books alone', async () => {
    const id = await makeTask('booked', 'mailed.practice.test');
    await post('social_account', id, 'start');
    expect(await doctor(withoutAdmin)).toMatchObject({ code: 0, tasks: [] });
    const { code, tasks } = await doctor();
    expect({ code, tasks }).toMatchObject({
      code: 1,
      tasks: [{ taskId: id, status: 'registering', lastWorkflow: null, command: `npm run social -- ${id} --adopt` }],
    });
    const adopted = await follow(tasks[0]!.command);
    expect(lastLine(adopted.stdout)).toEqual({ workflowId: `social/${id}`, state: 'started' });
    expect(adopted.code).toBe(0);

    expect(await doctor()).toMatchObject({ code: 0, tasks: [] });
    const again = await follow(tasks[0]!.command, '--wait');
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining(`social/${id} is running already`) });
    expect(lastLine(again.stdout)).toEqual({ workflowId: `social/${id}`, state: 'open' });
  });

  test('a podcast task is listed with its request, and adopted through the request’s workflow', async () => {
    const requestId = await stack.admin.makeRequest(podcastRequest(stack, 'cast', ['host.practice.test']));
    const id = (await stack.admin.readRequest(requestId)).tasks[0]!.id;
    await post('podcast_account', id, 'start');
    const workflowId = `podcast/${id}`;
    await stack.client.workflow.start<Workflows['podcastAccount']>(workflows.podcastAccount.name, {
      workflowId,
      taskQueue: 'nobody',
      args: [id],
    });
    expect(await doctor()).toMatchObject({ code: 0, tasks: [] });
    const open = await stack.run('scripts/podcast.ts', requestId, '--adopt', id, '--wait');
    expect(open).toMatchObject({ code: 2, stderr: expect.stringContaining(`${workflowId} is running already`) });
    expect(lastLine(open.stdout)).toEqual({ workflowId, state: 'open' });

    await terminate(workflowId);
    const command = `npm run podcast -- ${requestId} --adopt ${id}`;
    expect((await run(withoutAdmin, 'scripts/doctor.ts')).stdout).toMatch(
      new RegExp(`status not told +│ terminated +│ ${command} `),
    );
    expect(await doctor()).toMatchObject({ code: 1, tasks: [{ taskId: id, requestId, status: 'running', command }] });

    // The second is told to the open workflow, which no worker has run yet.
    for (let time = 0; time < 2; time++) {
      const adopted = await follow(command);
      expect(adopted.code, adopted.stderr).toBe(0);
      expect(lastLine(adopted.stdout)).toEqual({ workflowId: `podcast-request/${requestId}`, state: 'started' });
    }
    await startWorker();
    await expect
      .poll(async () => (await stack.client.workflow.getHandle(workflowId).describe()).status.name, { timeout: 30_000 })
      .toBe('RUNNING');
    expect(await doctor()).toMatchObject({ code: 0, tasks: [] });
    await post('podcast_account', id, 'start');
  });
});

describe.concurrent("what can't be adopted ends with 2 and a sentence that says why", () => {
  test('a task in another status', async () => {
    const id = await makeTask('other', 'plain.practice.test');
    const { code, stdout, stderr } = await stack.run('scripts/social.ts', id, '--adopt');
    expect(stderr).toBe(`error: the task ${id} is not in registering but in register: there is nothing to adopt\n`);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('an entity task in another status', async () => {
    const id = await makeTask('other', 'mailed.practice.test', 'entity');
    const { code, stderr } = await stack.run('scripts/entity.ts', id, '--adopt');
    expect(stderr).toBe(
      `error: the task ${id} is not in registering or connecting but in register: there is nothing to adopt\n`,
    );
    expect(code).toBe(2);
  });

  test('a podcast task of another request', async () => {
    const requestId = await stack.admin.makeRequest(podcastRequest(stack, 'third', ['host.practice.test']));
    const id = (await stack.admin.readRequest(requestId)).tasks[0]!.id;
    const { code, stderr } = await stack.run('scripts/podcast.ts', 'another-request', '--adopt', id);
    expect(stderr).toBe(
      `error: the task ${id} is not of the podcast request another-request but of ${requestId}: there is nothing to adopt\n`,
    );
    expect(code).toBe(2);
  });

  test('a podcast task of a site that is not listed, or of a sub-site whose feed is not known', async () => {
    const requestId = await stack.admin.makeRequest(
      podcastRequest(stack, 'fourth', ['unlisted.practice.test', 'plain.practice.test']),
    );
    const [unlisted, sub] = (await stack.admin.readRequest(requestId)).tasks.map(({ id }) => id);
    const refused = await stack.run('scripts/podcast.ts', requestId, '--adopt', unlisted!);
    expect(refused).toMatchObject({
      code: 2,
      stderr: 'error: unlisted.practice.test is not listed in SITES_FILE: there is nothing to adopt\n',
    });
    const bare = await stack.run('scripts/podcast.ts', requestId, '--adopt', sub!);
    expect(bare).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        "waits for a main site's feed (main sites are host.practice.test): there is nothing to adopt",
      ),
    });
  });

  test.each([
    ['social', ['no-such-task', '--adopt']],
    ['podcast', ['no-such-request', '--adopt', 'no-such-task']],
  ])('a %s task that the manager does not know', async (flow, args) => {
    const { code, stderr } = await stack.run(`scripts/${flow}.ts`, ...args);
    expect(stderr).toBe(`error: the manager knows no ${flow} task no-such-task\n`);
    expect(code).toBe(2);
  });
});

describe.concurrent('the doctor', () => {
  test('says what it takes', async () => {
    const { code, stdout, stderr } = await run({}, 'scripts/doctor.ts', '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const word of [
      'Usage: npm run doctor -- ',
      '--json',
      'ASSIGN_ADMIN_KEY',
      'Exit code: 0 there is none; 1 there are some; 2 it could not look',
    ])
      expect(stdout).toContain(word);
  });

  test('asks of a terminated workflow’s task only with a right key, and does not list one that was deleted', async () => {
    await startTask(stack.client, 'social', { id: 'deleted-task', status: 'register' });
    await terminate('social/deleted-task');
    const wrongKey = { ...withoutAdmin, ASSIGN_API_KEY: 'planted-wrong-key' };
    expect(await run(wrongKey, 'scripts/doctor.ts')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('refuses ASSIGN_API_KEY'),
    });
    const { stdout } = await run(withoutAdmin, 'scripts/doctor.ts', '--json');
    expect(stdout).not.toContain('deleted-task');
  });

  test.each<[string, Record<string, string | undefined>, RegExp]>([
    ['no Temporal', { TEMPORAL_ADDRESS: '127.0.0.1:1' }, /no Temporal at 127\.0\.0\.1:1/],
    [
      'no manager',
      { ASSIGN_URL: 'http://127.0.0.1:1' },
      /the manager at http:\/\/127\.0\.0\.1:1 gives no answer .*is it running\?/,
    ],
    ['a wrong admin key', { ASSIGN_ADMIN_KEY: 'planted-wrong-key' }, /the manager answers 401 to GET \/requests/],
    [
      'a worker key for the admin key',
      { ASSIGN_ADMIN_KEY: 'the stack’s' },
      /the manager answers 403 to GET \/requests/,
    ],
    [
      'nothing set',
      { ASSIGN_URL: undefined, ASSIGN_API_KEY: undefined },
      /ASSIGN_URL is not set\nASSIGN_API_KEY is not set/,
    ],
  ])('that can not look ends with 2 and a sentence: %s', async (_what, change, message) => {
    const ownKey = change.ASSIGN_ADMIN_KEY === 'the stack’s' ? { ASSIGN_ADMIN_KEY: stack.env.ASSIGN_API_KEY! } : {};
    const { code, stdout, stderr } = await run({ ...change, ...ownKey }, 'scripts/doctor.ts');
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stderr).not.toContain('planted');
  });
});
