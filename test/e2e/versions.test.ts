import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyNextVersion } from '../support/copied-code.ts';
import { type Enlist, mailDomain, socialRequest, startEnlist } from '../support/enlist.ts';

let stack: Enlist;
let changed: string;

beforeAll(async () => {
  changed = copyNextVersion();
  stack = await startEnlist({
    mailboxes: [`brand@${mailDomain}`],
    sites: [
      { domain: 'before.practice.test', confirmation: 'none', behaviour: { slow: 4_000 } },
      { domain: 'after.practice.test', confirmation: 'none' },
    ],
  });
});
afterAll(async () => {
  await stack.close();
  rmSync(changed, { recursive: true, force: true });
});

const noteOf = async (id: string) => (await stack.admin.readTask(id)).history.at(-1);

test('a changed workflow is rolled out while old ones run: each ends on the version that it began with', async () => {
  const requestId = await stack.admin.makeRequest(
    socialRequest(stack, 'brand', ['before.practice.test', 'after.practice.test']),
  );
  const [before, after] = (await stack.admin.readRequest(requestId)).tasks;
  const [site] = stack.practice.sites;

  const old = await stack.startWorker({ BUILD_ID: 'one' });
  expect(await stack.run('scripts/versions.ts', 'make-current', 'none')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no worker with the BUILD_ID none has polled'),
  });
  await expect
    .poll(async () => (await stack.run('scripts/versions.ts', 'make-current', 'one')).code, { timeout: 30_000 })
    .toBe(0);
  expect(old.output()).toContain('no version is current');

  // Its site is slow, so it is at work while the next version is rolled out.
  await stack.run('scripts/social.ts', before!.id);
  await expect.poll(() => site!.state().counts.signUpPages, { timeout: 60_000 }).toBe(1);
  const next = await stack.startWorker({ BUILD_ID: 'two' }, changed);
  await expect
    .poll(async () => (await stack.run('scripts/versions.ts', 'make-current', 'two')).code, { timeout: 30_000 })
    .toBe(0);
  const { stdout } = await stack.run('scripts/versions.ts', 'list');
  expect(stdout).toMatch(/two\s*│\s*current/);
  expect(stdout).toMatch(/one\s*│\s*draining/);

  const begun = stack.client.workflow.getHandle(`social/${before!.id}`);
  expect((await begun.describe()).status.name).toBe('RUNNING');

  const done = await stack.run('scripts/social.ts', after!.id, '--wait');
  expect(done.code, done.stderr).toBe(0);
  expect(await noteOf(after!.id)).toMatchObject({ to: 'completed', note: 'made by the next version' });

  site!.setBehaviour({});
  expect(await begun.result()).toMatchObject({ outcome: 'completed' });
  expect(await noteOf(before!.id)).toMatchObject({ to: 'completed', note: 'account made, profile furnished' });
  for (const worker of [old, next]) expect(await worker.end('SIGTERM')).toBe(0);
});
