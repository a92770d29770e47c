import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startPractice } from '../../practice/start.ts';
import { coverArt, createShow, importFeed, join, makeFeed, PodcastSites } from './podcast-sites.ts';
import { ann, ben, Visitor } from './visitor.ts';

const covers = (lab: PodcastSites) => readdirSync(path.join(lab.dataDir, 'directory.test', 'uploads'));

test('a feed is imported once, listed, and has a public page', async () => {
  await using lab = new PodcastSites();
  const { host, feed } = await makeFeed(lab);
  const directory = await lab.directory();
  const visitor = await importFeed(await join(directory, ben), feed);
  expect([visitor.path, visitor.status]).toEqual(['/podcasts', 200]);
  expect(visitor.text).toContain(`My podcasts Sample talks Imported from ${feed}`);
  expect(visitor.html).toContain('href="/podcasts/sample-talks"');
  const cover = await fetch(
    new URL(/<img class="art" src="([^"]+)" alt="Cover of Sample talks">/.exec(visitor.html)![1]!, directory.url),
  );
  expect(Buffer.from(await cover.arrayBuffer()).equals(coverArt)).toBe(true);

  const reader = await new Visitor(directory.url).open('/podcasts/sample-talks');
  expect(reader.text).toContain(`Sample talks Ann Example We talk about samples. Imported from ${feed}`);
  expect(directory.state()).toMatchObject({
    counts: { feedsFetched: 1, imports: 1, accountsMade: 1 },
    podcasts: [
      {
        username: 'ben',
        feed,
        title: 'Sample talks',
        page: `${directory.url}/podcasts/sample-talks`,
        ownerEmail: ann.email,
      },
    ],
  });

  const before = directory.state().podcasts;
  await importFeed(visitor, ` ${feed} `);
  expect([visitor.status, visitor.statusLine]).toEqual([200, 'Already imported.']);
  const other = await importFeed(await join(directory), feed);
  expect([other.status, other.alerts]).toEqual([422, ['Already imported by another account.']]);
  expect(directory.state()).toMatchObject({ podcasts: before, counts: { imports: 1 } });
  expect((await other.open('/podcasts')).text).toContain('You have added none yet.');
  expect(host.state().counts.feedsFetched).toBe(1);
});

test('a feed that can not be imported is refused beside the field, which keeps what was typed', async () => {
  await using lab = new PodcastSites();
  const { host, feed } = await makeFeed(lab);
  const directory = await lab.directory();
  const visitor = await join(directory);
  const problem = async (url: string) => {
    await importFeed(visitor, url);
    expect(visitor.status).toBe(422);
    expect(visitor.html).toContain(`value="${url}"`);
    return visitor.alerts;
  };
  expect(await problem('no address')).toEqual(['This is no web address.']);
  expect(await problem('')).toEqual(['This is no web address.']);
  expect(await problem('https://feeds.example/a.xml')).toEqual([
    'This is not a valid feed: it is not on this machine.',
  ]);
  expect(await problem(`${host.url}/feeds/nothing.xml`)).toEqual(['This is not a valid feed: it answers 404.']);
  host.setBehaviour({ feedBroken: true });
  expect(await problem(feed)).toEqual(['This is not a valid feed: it is no well-formed XML.']);
  directory.setBehaviour({ importRefused: true });
  host.setBehaviour({});
  expect(await problem(feed)).toEqual(['This podcast was refused: it breaks our rules.']);
  directory.setBehaviour({});
  await importFeed(visitor, feed);
  expect(directory.state()).toMatchObject({ counts: { feedsFetched: 5, imports: 1 }, podcasts: [{ feed }] });
  expect(covers(lab)).toHaveLength(1);
});

test('of several that import the same feed at once exactly one does', async () => {
  await using lab = new PodcastSites();
  const { feed } = await makeFeed(lab);
  const directory = await lab.directory();
  const visitors = await Promise.all([join(directory), join(directory, ben)]);
  const again = new Visitor(directory.url);
  for (const [name, value] of visitors[0].cookies) again.cookies.set(name, value);
  await Promise.all([...visitors, again].map((visitor) => importFeed(visitor, feed)));
  expect(directory.state()).toMatchObject({ podcasts: [{ feed }], counts: { imports: 1 } });
  expect(covers(lab)).toHaveLength(1);
});

test('ownerCode: the import waits for a code that only the feed’s owner gets, also over a restart and a new sign-in', async () => {
  await using lab = new PodcastSites();
  const { feed } = await makeFeed(lab);
  const mail = await lab.mail();
  const first = await lab.directory({ ownerCode: true });
  const visitor = await importFeed(await join(first, ben), feed);
  expect(visitor.text).toContain(`We have mailed a code to ${ann.email}`);
  expect(first.state()).toMatchObject({
    podcasts: [],
    counts: { imports: 0 },
    accounts: [{ username: 'ben', pending: feed }],
  });
  expect(await mail.messages(ben.email)).toEqual([]);
  await importFeed(visitor, feed);
  const mails = await mail.messages(ann.email);
  expect(mails.map(({ from, subject }) => ({ from, subject }))).toEqual(
    Array(2).fill({ from: 'no-reply@directory.test', subject: 'Your import code for directory.test' }),
  );
  const [old, code] = mails.map(({ text }) => /\b\d{8}\b/.exec(text)![0]);
  expect(covers(lab)).toHaveLength(1);
  await first.close();

  const second = await lab.directory({ ownerCode: true });
  const returned = await new Visitor(second.url).signIn('ben');
  expect((await returned.open('/add')).text).toContain('Sample talks waits for its owner. Enter the code');
  await returned.open('/add/verify');
  const label = 'Code from the owner&#39;s email';
  expect((await returned.submit('Verify', { [label]: old! })).alerts).toEqual(['This code is wrong.']);
  expect(second.state().podcasts).toEqual([]);
  await returned.submit('Verify', { [label]: ` ${code} ` });
  expect([returned.path, returned.text]).toEqual(['/podcasts', expect.stringContaining(`Imported from ${feed}`)]);
  expect(second.state()).toMatchObject({
    podcasts: [{ username: 'ben', feed }],
    accounts: [{ username: 'ben', pending: undefined }],
  });
  expect((await returned.open('/add/verify')).path).toBe('/add');
  expect(JSON.stringify(second.state())).not.toContain(code);
  await second.close();

  const third = await lab.directory();
  expect(third.state().podcasts).toMatchObject([{ username: 'ben', feed }]);
});

test('an owner whose address takes no mail makes the feed invalid', async () => {
  await using lab = new PodcastSites();
  const host = await lab.host();
  await createShow(await join(host), { 'Owner email': 'nobody@brand.test' });
  const directory = await lab.directory({ ownerCode: true });
  const visitor = await importFeed(await join(directory), host.state().shows[0]!.feed);
  expect(visitor.alerts).toEqual(["This is not a valid feed: its owner's address takes no mail."]);
  expect(covers(lab)).toEqual([]);
});

test('noOwnerMail: the code is asked for and never comes', async () => {
  await using lab = new PodcastSites();
  const { feed } = await makeFeed(lab);
  const directory = await lab.directory({ ownerCode: true, behaviour: { noOwnerMail: true } });
  expect((await importFeed(await join(directory, ben), feed)).path).toBe('/add/verify');
  expect(await (await lab.mail()).messages(ann.email)).toEqual([]);
});

test('errorAfterImport: the podcast is imported, the answer is 500, as often as told', async () => {
  await using lab = new PodcastSites();
  const { host, feed } = await makeFeed(lab);
  await createShow(await join(host, ben), { 'Show title': 'Second' });
  const directory = await lab.directory({ behaviour: { errorAfterImport: { times: 1 } } });
  const visitor = await join(directory);
  expect((await importFeed(visitor, feed)).status).toBe(500);
  expect((await importFeed(visitor, feed)).statusLine).toBe('Already imported.');
  expect((await importFeed(visitor, host.state().shows[1]!.feed)).path).toBe('/podcasts');
  expect(visitor.text).toContain('Second');
  expect(directory.state().counts.imports).toBe(2);
});

test('only who is signed in imports, and a description is reduced to simple HTML', async () => {
  await using lab = new PodcastSites();
  const host = await lab.host();
  await createShow(await join(host), { Description: '<p onclick="x()">Hi <b>there</b></p><script>alert(1)</script>' });
  const directory = await lab.directory();
  for (const page of ['/add', '/add/verify', '/podcasts'])
    expect((await new Visitor(directory.url).open(page)).path).toBe('/signin');
  await importFeed(await join(directory), host.state().shows[0]!.feed);
  const { html, status } = await new Visitor(directory.url).open('/podcasts/sample-talks');
  expect(html).toContain('<p>Hi <b>there</b></p></section>');
  expect(status).toBe(200);
  expect((await new Visitor(directory.url).open('/podcasts/none')).status).toBe(404);
});

test('the configuration starts hosts and directories, and names what one of them does not do', async () => {
  await using lab = new PodcastSites();
  const dataDir = lab.dataDir;
  const practice = await startPractice({
    dataDir,
    controlToken: 'control',
    podcasts: [
      { kind: 'host', domain: 'host.test', confirmation: 'none', behaviour: { feedBroken: true } },
      { kind: 'directory', domain: 'directory.test', confirmation: 'code', ownerCode: true },
    ],
  });
  try {
    const [host, directory] = practice.podcasts;
    expect([host!.kind, directory!.kind]).toEqual(['host', 'directory']);
    const call = (url: string, behaviour: object) =>
      fetch(`${url}/_practice/behaviour`, {
        method: 'POST',
        headers: { 'x-practice-token': 'control', 'content-type': 'application/json' },
        body: JSON.stringify({ behaviour }),
      });
    expect((await call(directory!.url, { importRefused: true, errorAfterImport: { times: 2 } })).status).toBe(200);
    expect((await call(directory!.url, { feedBroken: true })).status).toBe(400);
    expect(host!.state().behaviours.site).toEqual({ feedBroken: true });
    const state = await fetch(`${directory!.url}/_practice/state`, { headers: { 'x-practice-token': 'control' } });
    expect(await state.json()).toMatchObject({
      domain: 'directory.test',
      podcasts: [],
      counts: { imports: 0, feedsFetched: 0 },
    });
  } finally {
    await practice.close();
  }
  const wrong = { kind: 'host' as const, domain: 'host.test', confirmation: 'none' as const, ownerCode: true };
  await expect(startPractice({ dataDir, podcasts: [wrong] })).rejects.toThrow('ownerCode');
});
