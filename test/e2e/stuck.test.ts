import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyNextVersion } from '../support/copied-code.ts';
import { adminKey, type Enlist, mailDomain, socialRequest, startEnlist } from '../support/enlist.ts';

const domain = 'site.practice.test';
let stack: Enlist;
let changed: string;

beforeAll(async () => {
  changed = copyNextVersion();
  stack = await startEnlist({
    mailboxes: [`brand@${mailDomain}`],
    sites: [{ domain, confirmation: 'none', behaviour: { delayBeforeCreate: 3_000 } }],
  });
  stack.env.ASSIGN_ADMIN_KEY = adminKey;
});
afterAll(async () => {
  await stack.close();
  rmSync(changed, { recursive: true, force: true });
});

test('a task whose workflow a wrong deploy can’t go on with is listed as stuck, and ends well once the right code is back', async () => {
  const requestId = await stack.admin.makeRequest(socialRequest(stack, 'brand', [domain]));
  const { id } = (await stack.admin.readRequest(requestId)).tasks[0]!;
  const workflowId = `social/${id}`;
  const [site] = stack.practice.sites;
  const first = await stack.startWorker();
  await stack.run('scripts/social.ts', id);
  await expect.poll(() => site!.state().counts.signUpSubmits.length, { timeout: 60_000, interval: 50 }).toBe(1);
  expect(await stack.run('scripts/doctor.ts')).toEqual({ code: 0, stdout: 'no task was left behind\n', stderr: '' });
  await first.end('SIGKILL');

  const wrong = await stack.startWorker({}, changed);
  const stuck = {
    code: 1,
    stdout: JSON.stringify({ tasks: [], stuck: [{ workflowId, problem: 'NonDeterministicError' }] }),
  };
  await expect
    .poll(
      async () => {
        const { code, stdout } = await stack.run('scripts/doctor.ts', '--json');
        return { code, stdout: stdout.trim() };
      },
      { timeout: 120_000, interval: 2_000 },
    )
    .toEqual(stuck);
  const { stdout } = await stack.run('scripts/doctor.ts');
  expect(stdout).toMatch(
    new RegExp(`no task was left behind\n[^]* ${workflowId} +│ NonDeterministicError [^]*go on by themselves`),
  );
  await wrong.end('SIGTERM');

  await stack.startWorker();
  expect(await stack.client.workflow.getHandle(workflowId).result()).toMatchObject({ outcome: 'completed' });
  expect(site!.state().counts.accountsMade).toBe(1);
  await expect
    .poll(async () => (await stack.run('scripts/doctor.ts')).code, { timeout: 30_000, interval: 1_000 })
    .toBe(0);
});
