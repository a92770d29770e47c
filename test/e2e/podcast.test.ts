import { afterAll, beforeAll, expect, test } from 'vitest';
import { KeyRing } from '../../config/key-ring.ts';
import { podcastRequestId } from '../../temporal/workflow-ids.ts';
import { type Enlist, mailDomain, podcastRequest, startEnlist } from '../support/enlist.ts';
import { findEarlySubs, readChildSteps } from '../support/podcast-order.ts';

let stack: Enlist;
const domains = ['plain.practice.test', 'owner.practice.test', 'host.practice.test'];

beforeAll(async () => {
  stack = await startEnlist({
    mailboxes: [`first@${mailDomain}`, `second@${mailDomain}`],
    retryDelay: 500,
    podcasts: [
      { kind: 'host', domain: 'host.practice.test', confirmation: 'code' },
      { kind: 'directory', domain: 'plain.practice.test', confirmation: 'link' },
      { kind: 'directory', domain: 'owner.practice.test', confirmation: 'none', ownerCode: true },
    ],
  });
});
afterAll(() => stack.close());

const siteOf = (domain: string) => stack.practice.podcasts.find((site) => site.domain === domain)!;
const host = () => siteOf('host.practice.test') as Extract<Enlist['practice']['podcasts'][number], { kind: 'host' }>;
const directory = (name: string) =>
  siteOf(`${name}.practice.test`) as Extract<Enlist['practice']['podcasts'][number], { kind: 'directory' }>;

/** What the request's workflow did with its tasks, by Temporal's own history. */
async function readSteps(requestId: string) {
  const history = await stack.client.workflow.getHandle(podcastRequestId(requestId)).fetchHistory();
  return readChildSteps([history], new KeyRing(stack.env.ENLIST_KEYS!));
}

async function findMain(requestId: string): Promise<string> {
  const { tasks } = await stack.admin.readRequest(requestId);
  return tasks.find(({ domain }) => domain === 'host.practice.test')!.id;
}

test('a show is made on the main site and its feed imported on the sub-sites, one of them by a code to the owner', async () => {
  const worker = await stack.startWorker();
  const requestId = await stack.admin.makeRequest(podcastRequest(stack, 'first', domains));
  const done = await stack.run('scripts/podcast.ts', requestId, '--wait');
  expect(JSON.parse(done.stdout.trim().split('\n').at(-1)!), done.stderr).toMatchObject({
    workflowId: podcastRequestId(requestId),
    outcome: 'completed',
  });
  expect(done.code).toBe(0);

  const request = await stack.admin.readRequest(requestId);
  expect(request.counts).toEqual({ completed: 3 });
  const main = await findMain(requestId);
  const { link_rss: feed } = await stack.admin.readTask(main);
  expect(feed).toBe(
    host()
      .state()
      .shows.find(({ username }) => username === 'first')!.feed,
  );
  for (const name of ['plain', 'owner']) {
    expect(
      directory(name)
        .state()
        .podcasts.filter(({ username }) => username === 'first')
        .map((podcast) => podcast.feed),
    ).toEqual([feed]);
  }
  expect(findEarlySubs(await readSteps(requestId), (id) => id === main)).toEqual([]);
  expect(await worker.end('SIGTERM')).toBe(0);
});

test('after a worker is killed between the main site and the sub-sites there is still one show and one import each, in order', async () => {
  const doomed = await stack.startWorker();
  for (const name of ['plain', 'owner']) directory(name).setBehaviour({ down: true });
  const requestId = await stack.admin.makeRequest(podcastRequest(stack, 'second', domains));
  const main = await findMain(requestId);
  expect(JSON.parse((await stack.run('scripts/dispatch.ts', '--once')).stdout.split('\n')[2]!)).toMatchObject({
    flow: 'podcast',
    pulled: 3,
    started: 1,
  });
  await expect
    .poll(async () => (await stack.admin.readTask(main)).status, { timeout: 90_000, interval: 50 })
    .toBe('completed');
  await doomed.end('SIGKILL');
  for (const name of ['plain', 'owner']) directory(name).setBehaviour({});
  const successor = await stack.startWorker();

  expect(await stack.client.workflow.getHandle(podcastRequestId(requestId)).result()).toMatchObject({
    outcome: 'completed',
  });
  const steps = await readSteps(requestId);
  expect(findEarlySubs(steps, (id) => id === main)).toEqual([]);
  expect(steps.filter(({ did }) => did === 'started')).toHaveLength(3);
  expect(
    host()
      .state()
      .shows.filter(({ username }) => username === 'second'),
  ).toHaveLength(1);
  for (const name of ['plain', 'owner'])
    expect(
      directory(name)
        .state()
        .podcasts.filter(({ username }) => username === 'second'),
    ).toHaveLength(1);
  for (const { id } of (await stack.admin.readRequest(requestId)).tasks) {
    expect((await stack.admin.readTask(id)).history.map(({ to }) => to)).toEqual(['pending', 'running', 'completed']);
  }
  expect(await successor.end('SIGTERM')).toBe(0);
});
