import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Enlist, mailDomain, socialRequest, startEnlist } from '../support/enlist.ts';

let stack: Enlist;

beforeAll(async () => {
  stack = await startEnlist({
    mailboxes: [`first@${mailDomain}`, `second@${mailDomain}`, `third@${mailDomain}`],
    sites: [
      { domain: 'link.practice.test', confirmation: 'link' },
      { domain: 'code.practice.test', confirmation: 'code' },
      { domain: 'frail.practice.test', confirmation: 'link' },
    ],
  });
});
afterAll(() => stack.close());

const siteOf = (domain: string) => stack.practice.sites.find((site) => site.domain === domain)!;

test('a task goes from the manager through sign-up, mail and profile to completed, and one pull starts it', async () => {
  const worker = await stack.startWorker();
  const requestId = await stack.admin.makeRequest(
    socialRequest(stack, 'first', ['link.practice.test', 'code.practice.test', 'unlisted.practice.test']),
  );
  const pulled = await stack.run('scripts/dispatch.ts', '--once');
  expect(JSON.parse(pulled.stdout.split('\n')[0]!)).toMatchObject({
    flow: 'social',
    pulled: 3,
    started: 2,
    notEnabled: { 'unlisted.practice.test': 1 },
  });

  const { tasks } = await stack.admin.readRequest(requestId);
  for (const { id, domain } of tasks.slice(0, 2)) {
    expect(await stack.client.workflow.getHandle(`social/${id}`).result()).toMatchObject({ outcome: 'completed' });
    const page = await (await fetch(`${siteOf(domain).url}/u/first`)).text();
    expect(page).toContain('<b>a sample</b>');
    expect(page).toContain('https://social.example/@first');
    expect(page).toContain('Huế');
  }
  const after = await stack.admin.readRequest(requestId);
  expect(after.counts).toEqual({ completed: 2, register: 1 });
  expect(await worker.end('SIGTERM')).toBe(0);
});

test('a worker killed while the form is sent and not answered leaves one account and one report', async () => {
  const site = siteOf('frail.practice.test');
  site.setBehaviour({ delayBeforeCreate: 3_000 });
  const doomed = await stack.startWorker();
  const requestId = await stack.admin.makeRequest(socialRequest(stack, 'second', ['frail.practice.test']));
  const [task] = (await stack.admin.readRequest(requestId)).tasks;
  const waiting = stack.run('scripts/social.ts', task!.id, '--wait');
  await expect.poll(() => site.state().counts.signUpSubmits.length, { timeout: 60_000, interval: 50 }).toBe(1);
  await doomed.end('SIGKILL');
  const successor = await stack.startWorker();

  expect(JSON.parse((await waiting).stdout.trim().split('\n').at(-1)!)).toMatchObject({ outcome: 'completed' });
  const { counts, accounts } = site.state();
  expect(counts.accountsMade).toBe(1);
  expect(accounts).toHaveLength(1);
  const { history } = await stack.admin.readTask(task!.id);
  expect(history.map(({ to }) => to)).toEqual(['register', 'registering', 'completed']);
  expect(await successor.end('SIGTERM')).toBe(0);
});

test('a worker that is told to stop in mid-step lets the step end, and another goes on with what came of it', async () => {
  const site = siteOf('frail.practice.test');
  site.setBehaviour({ delayBeforeCreate: 4_000 });
  const leaving = await stack.startWorker();
  const requestId = await stack.admin.makeRequest(socialRequest(stack, 'third', ['frail.practice.test']));
  const [task] = (await stack.admin.readRequest(requestId)).tasks;
  const submits = () => site.state().counts.signUpSubmits.filter(({ username }) => username === 'third');
  await stack.run('scripts/social.ts', task!.id);
  await expect.poll(() => submits().length, { timeout: 60_000, interval: 50 }).toBe(1);
  expect(submits()[0]!.made).toBe(false);
  expect(await leaving.end('SIGTERM')).toBe(0);
  expect(submits()[0]!.made).toBe(true);

  const successor = await stack.startWorker();
  const handle = stack.client.workflow.getHandle(`social/${task!.id}`);
  expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  const { events } = await handle.fetchHistory();
  const steps = events!.flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
  expect(steps.filter((step) => step === 'createAccount')).toHaveLength(1);
  // Nothing was lost, so there was nothing to look for.
  expect(steps).not.toContain('lookFor');
  expect(await successor.end('SIGTERM')).toBe(0);
});
