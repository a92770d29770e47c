import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { HandedStep } from '../../contracts/handoff.ts';
import { type Workflows, workflows } from '../../contracts/workflows.ts';
import { startTask } from '../../temporal/start-task.ts';
import { Visitor } from '../practice/visitor.ts';
import {
  type Enlist,
  mailDomain,
  mailPassword,
  socialRequest,
  startEnlist,
  type WorkerProcess,
} from '../support/enlist.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const domain = 'human.practice.test';
const password = 'Planted&Pass"1<x>';
let stack: Enlist;
let worker: WorkerProcess;

beforeAll(async () => {
  stack = await startEnlist({
    mailboxes: ['brand', 'other'].map((name) => `${name}@${mailDomain}`),
    sites: [{ domain, confirmation: 'link', behaviour: { humanCheck: true } }],
  });
  const file = stack.env.SITES_FILE!;
  const listed = parse(readFileSync(file, 'utf8')) as { sites: object[] };
  writeFileSync(file, stringify({ ...listed, sites: listed.sites.map((site) => ({ ...site, waitForPerson: '4h' })) }));
  for (const name of earlierEvidence) mkdirSync(path.join(evidence(), name), { recursive: true });
  worker = await stack.startWorker({ EVIDENCE_DIR: evidence() });
});
afterAll(() => stack.close());

type Listed = HandedStep & { workflowId: string };

/** One is too old for the worker; the other is the newest there is at its start. */
const earlierEvidence = ['2001-01-01T00:00:00.000Z', new Date().toISOString()].map(
  (time) => `${time.replace(/[:.]/g, '-')}-signIn-task-earlier`,
);
const evidence = () => path.join(stack.folder, 'evidence');
const site = () => stack.practice.sites[0]!;
const handoff = (...args: string[]) => stack.run('scripts/handoff.ts', ...args);
const listed = async () => (JSON.parse((await handoff('list', '--json')).stdout) as { tasks: Listed[] }).tasks;

async function start(username: string): Promise<string> {
  const request = socialRequest(stack, username, [domain]);
  const requestId = await stack.admin.makeRequest({
    ...request,
    accounts: request.accounts.map((account) => ({ ...account, password })),
  });
  const id = (await stack.admin.readRequest(requestId)).tasks[0]!.id;
  await startTask(stack.client, 'social', { id, status: 'register', domain, requestId });
  return id;
}

/** The task waits for a person. The pause that the site's check brought is ended by hand, as its operator may. */
async function untilListed(workflowId: string): Promise<Listed> {
  await expect
    .poll(async () => (await stack.run('scripts/site.ts', 'list')).stdout, { timeout: 60_000, interval: 500 })
    .toContain('paused (human check)');
  expect((await stack.run('scripts/site.ts', 'resume', domain)).code).toBe(0);
  let found: Listed | undefined;
  await expect
    .poll(async () => (found = (await listed()).find((task) => task.workflowId === workflowId)), {
      timeout: 60_000,
      interval: 500,
    })
    .toBeDefined();
  return found!;
}

/** What a person does in a browser of their own. */
async function signUpByHand(username: string): Promise<void> {
  const person = new Visitor(site().url);
  await person.begin({ username, email: `${username}@${mailDomain}` }, password);
  await person.finish();
  expect(person.text).toContain('Verify that you are human');
  await person.open('/human-check');
  await person.submit('I am human');
  await person.open('/signup/details');
  await person.finish();
  expect(person.text).toContain('Check your mail');
}

function expectNoSecret(output: string): void {
  expect(output).not.toContain(password);
  expect(output).not.toContain(JSON.stringify(password).slice(1, -1));
  expect(output).not.toContain(mailPassword);
}

test('a worker removes at its start what evidence is too old', async () => {
  await expect
    .poll(() => readdirSync(evidence()).filter((name) => name.endsWith('-earlier')))
    .toEqual(earlierEvidence.slice(1));
});

test('an account that a person made behind a human check is confirmed, filled in and reported by the task', async () => {
  const id = await start('brand');
  const workflowId = `social/${id}`;
  const waiting = await untilListed(workflowId);
  expect(waiting).toMatchObject({
    domain,
    login: 'brand',
    page: '/signup/details',
    reason: expect.stringContaining('asks to verify that a human is there') as string,
  });
  expect(waiting.reason).toContain(`(evidence: ${waiting.evidence})`);
  expect(readdirSync(path.join(evidence(), waiting.evidence!)).sort()).toEqual([
    'outline.yaml',
    'page.png',
    'step.json',
  ]);
  expect(waiting.until - Date.now()).toBeGreaterThan(3.9 * 3_600_000);
  const table = await handoff('list');
  for (const word of [workflowId, domain, '3 h 5', 'a browser of your own', 'npm run handoff -- done ID'])
    expect(table.stdout).toContain(word);
  expectNoSecret(table.stdout + JSON.stringify(waiting));
  expect(await stack.admin.readTask(id)).toMatchObject({ status: 'registering' });

  const submitsOfTheTask = site().state().counts.signUpSubmits.length;
  await signUpByHand('brand');
  expect(await handoff('done', workflowId)).toMatchObject({ code: 0, stdout: `${workflowId}: goes on\n`, stderr: '' });
  expect(await stack.client.workflow.getHandle(workflowId).result()).toMatchObject({
    outcome: 'completed',
    profileUrl: `${site().url}/u/brand`,
  });
  const { signUpSubmits, accountsMade } = site().state().counts;
  expect({ accountsMade, submits: signUpSubmits.length }).toEqual({ accountsMade: 1, submits: submitsOfTheTask + 2 });
  const { history, link_profile: profile } = await stack.admin.readTask(id);
  expect(history.map(({ to }) => to)).toEqual(['register', 'registering', 'completed']);
  expect(await (await fetch(profile)).text()).toContain('https://social.example/@brand');
  expectNoSecret(worker.output());

  expect(await handoff('done', workflowId)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining(`error: ${workflowId}: `),
  });
  expect(await handoff('list')).toMatchObject({ code: 0, stdout: 'no task waits for a person\n' });
});

test('a task that is given up is reported as what it is', async () => {
  const id = await start('other');
  const workflowId = `social/${id}`;
  await untilListed(workflowId);
  expect(await handoff('give-up', workflowId)).toMatchObject({ code: 0, stdout: `${workflowId}: will be reported\n` });
  expect(await stack.client.workflow.getHandle(workflowId).result()).toMatchObject({
    outcome: 'register_failed',
    failure: 'Challenge',
  });
  const { status, history } = await stack.admin.readTask(id);
  expect(status).toBe('final_failed');
  expect(history.at(-1)!.error_message).toContain('a person gave it up, and the account is not there');
  expect(site().state().counts.accountsMade).toBe(1);
});

describe.concurrent('the command', () => {
  test('says what it takes', async () => {
    const { code, stdout } = await handoff('--help');
    expect(code).toBe(0);
    for (const word of ['list', 'done [options] <id>', 'give-up <id>', 'waitForPerson', 'Exit code: 0 done; 1 refused'])
      expect(stdout).toContain(word);
    expect((await handoff('done', '--help')).stdout).toContain('--link <url>');
  });

  test.each([['done'], ['give-up']])('%s of what is no workflow is refused with 1', async (word) => {
    expect(await handoff(word, 'social/none')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: social/none: there is no such workflow, or it has ended ("npm run handoff -- list" shows what waits)\n',
    });
  });

  test.each([
    [
      ['done', 'social/none', '--link', 'javascript:alert(1)'],
      '--link must be an address that begins with http:// or https://',
    ],
    [['done', 'podcast/none', '--link', 'https://site.test/'], 'the report of a podcast task has no place for a link'],
    [['done'], "missing required argument 'id'"],
  ])('%j ends with 2 and a sentence', async (args, message) => {
    expect(await handoff(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
  });

  test('that reaches no Temporal, or no worker, ends with 2', async () => {
    await stack.client.workflow.start<Workflows['socialRegister']>(workflows.socialRegister.name, {
      workflowId: 'social/nobody',
      taskQueue: 'nobody',
      args: ['nobody'],
    });
    const [unheard, unreached] = await Promise.all([handoff('done', 'social/nobody'), withoutTemporal('list')]);
    expect(unheard).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no worker took it in 10 s: start one with "npm run worker"'),
    });
    expect(unreached).toMatchObject({ code: 2, stderr: expect.stringContaining('no Temporal at 127.0.0.1:1') });
  });
});

async function withoutTemporal(...args: string[]) {
  const env = { ...process.env, ...stack.env, TEMPORAL_ADDRESS: '127.0.0.1:1' };
  const child = spawn(process.execPath, ['--import', 'tsx', path.join(root, 'scripts/handoff.ts'), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}
