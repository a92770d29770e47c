import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Enlist, mailDomain, socialRequest, startEnlist } from '../support/enlist.ts';

const totpSecret = 'JBSWY3DPEHPK3PXP';
let stack: Enlist;

beforeAll(async () => {
  stack = await startEnlist({
    mailboxes: [`brand@${mailDomain}`],
    sites: [
      { domain: 'codes.practice.test', confirmation: 'link', behaviour: { emailCodeAtSignIn: true } },
      { domain: 'authenticator.practice.test', confirmation: 'none' },
    ],
  });
});
afterAll(() => stack.close());

test('an entity request makes its accounts, then signs in by mailed code and by authenticator and puts all links on each', async () => {
  const [codes, authenticator] = stack.practice.sites;
  authenticator!.setTotp('brand', totpSecret);
  const worker = await stack.startWorker();
  const { profile, accounts } = socialRequest(stack, 'brand', [codes!.domain, authenticator!.domain], totpSecret);
  const id = await stack.admin.makeRequest({
    type: 'entity',
    website: 'https://brand.example',
    profile: { ...profile, social_connect: [] },
    accounts,
  });

  const counts = async () => (await stack.admin.readRequest(id)).counts;
  expect(JSON.parse((await stack.run('scripts/dispatch.ts', '--once')).stdout.split('\n')[1]!)).toMatchObject({
    flow: 'entity',
    started: 2,
  });
  await expect.poll(counts, { timeout: 90_000, interval: 500 }).toEqual({ connect: 2 });
  const { tasks } = await stack.admin.readRequest(id);
  const ends = await Promise.all(tasks.map((task) => stack.run('scripts/entity.ts', task.id, '--wait')));
  for (const end of ends)
    expect(JSON.parse(end.stdout.trim().split('\n').at(-1)!), end.stderr).toMatchObject({ outcome: 'completed' });

  expect((await stack.admin.readRequest(id)).status).toBe('completed');
  const links = stack.practice.sites.map((site) => `${site.url}/u/brand`);
  for (const site of stack.practice.sites) {
    const page = await (await fetch(`${site.url}/u/brand`)).text();
    for (const link of links) expect(page.split(`href="${link}"`)).toHaveLength(2);
  }
  expect(await worker.end('SIGTERM')).toBe(0);
});
