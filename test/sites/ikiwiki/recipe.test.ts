import { request } from 'node:http';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PodcastTask } from '../../../contracts/podcast.ts';
import { createShow } from '../../practice/podcast-sites.ts';
import { Visitor } from '../../practice/visitor.ts';
import { AnsweringServer } from '../../support/answering-server.ts';
import { type BrowserAndSites, startBrowserAndSites, writeForms } from '../../support/browser-and-sites.ts';
import { checkForms } from '../../support/check-forms.ts';
import { type Enlist, mailDomain, podcastRequest, startEnlist } from '../../support/enlist.ts';
import { type Ikiwiki, ikiwikiMissing, startIkiwiki } from '../../support/ikiwiki.ts';

const host = 'host.practice.test';
const another = 'Another-pass-1';
const missing = ikiwikiMissing();

/** What a browser asks of a wiki goes through here, and what the wiki answers comes back. */
type Change = (answer: { path: string; sent: string; page: string }) => string | Promise<string>;

describe.skipIf(missing)(`the ikiwiki recipe${missing ? ` (left out: needs ${missing})` : ''}`, () => {
  const wikis: Ikiwiki[] = [];
  const fronts: AnsweringServer[] = [];
  let lab: BrowserAndSites;
  /** Whose sign-in page lets one choose between several ways. */
  let wiki: Ikiwiki;
  /** With names and passwords alone. */
  let plain: Ikiwiki;

  const list = (domain: string, url: string) => ({
    domain,
    recipe: 'ikiwiki',
    url,
    permission: 'a test of our own',
    every: '0s',
  });

  beforeAll(async () => {
    lab = await startBrowserAndSites([], [], [{ kind: 'host', domain: host, confirmation: 'none' }]);
    for (const without of [[], ['openid', 'emailauth'], ['aggregate']]) wikis.push(await startIkiwiki({ without }));
    [wiki, plain] = wikis as [Ikiwiki, Ikiwiki];
    lab.listSites(
      list('wiki.test', wiki.url),
      list('plain.test', plain.url),
      list('bare.test', wikis[2]!.url),
      list('down.test', 'http://127.0.0.1:1'),
    );
  });
  afterAll(async () => {
    for (const front of fronts) await front.close();
    for (const each of wikis) await each.close();
    await lab?.close();
  });

  const task = (username: string, more: Partial<PodcastTask> = {}) => lab.podcastTask('wiki.test', username, more);
  const named = async (name: string, of = wiki) => (await of.userNames()).filter((user) => user === name);

  /** The feed of someone's show. */
  async function makeFeed(username: string): Promise<string> {
    const visitor = await (await new Visitor(lab.host(host).url).begin(lab.podcastTask(host, username))).finish();
    await createShow(visitor);
    return lab
      .host(host)
      .state()
      .shows.find((show) => show.username === username)!.feed;
  }

  /** Someone who has an account and a feed. */
  async function join(username: string, more: Partial<PodcastTask> = {}): Promise<PodcastTask> {
    const given = task(username, { link_rss: await makeFeed(username), ...more });
    await wiki.addUser(username, given.password);
    return given;
  }

  /** The list of feeds that a page is the source of. */
  const feedsOf = async (username: string) =>
    Array.from((await wiki.pageText(`users/${username}`))?.matchAll(/feedurl="([^"]*)"/g) ?? [], ([, feed]) => feed);
  const readPage = async (username: string, of = wiki) => (await fetch(`${of.url}/users/${username}/`)).text();

  /** Lists the wiki under a domain of its own, behind a server that may change or keep back what it answers. */
  async function putBehind(domain: string, change: Change): Promise<AnsweringServer> {
    const front = await AnsweringServer.start();
    fronts.push(front);
    front.answer = (response, { headers }, { method, path, body }) => {
      const asked = request(wiki.url + path, { method, headers, setHost: false }, (answer) => {
        let page = '';
        answer.setEncoding('utf8').on('data', (part: string) => (page += part));
        answer.on('end', async () => {
          const { 'content-length': _, ...kept } = answer.headers;
          const changed = await change({ path, sent: body, page });
          response.writeHead(answer.statusCode!, kept).end(changed);
        });
      });
      asked.end(body);
    };
    lab.listSites(list(domain, front.url));
    return front;
  }

  describe('on the whole way', () => {
    let stack: Enlist;
    beforeAll(async () => {
      stack = await startEnlist({
        mailboxes: [`whole@${mailDomain}`],
        podcasts: [{ kind: 'host', domain: host, confirmation: 'none' }],
        otherSites: [list('wiki.test', wiki.url)],
      });
    });
    afterAll(() => stack?.close());

    test("a request's sub-site gets one account, whose page carries the main site's feed and then its episodes", async () => {
      await stack.startWorker();
      const requestId = await stack.admin.makeRequest(podcastRequest(stack, 'whole', [host, 'wiki.test']));
      const { stdout, stderr } = await stack.run('scripts/podcast.ts', requestId, '--wait');
      expect(JSON.parse(stdout.trim().split('\n').at(-1)!), stderr).toMatchObject({ outcome: 'completed' });
      const { counts, tasks } = await stack.admin.readRequest(requestId);
      expect(counts).toEqual({ completed: 2 });
      const { link_rss: feed } = await stack.admin.readTask(tasks.find(({ domain }) => domain === host)!.id);
      expect(await named('whole')).toHaveLength(1);
      expect(await feedsOf('whole')).toEqual([feed]);
      expect(await readPage('whole')).toContain(`<a href="${feed}">whole</a>: new feed`);

      await wiki.aggregate();
      const page = await readPage('whole');
      expect(page).toContain('(1 posts; 1 new)');
      expect(page).toContain('Welcome to whole');
    });
  });

  test.each(['wiki.test', 'plain.test'])(
    'at %s an account is looked for without making it: absent, ours or taken; and made once',
    async (domain) => {
      const seen = { ...task('seen'), domain };
      const of = domain === 'wiki.test' ? wiki : plain;
      expect(await lab.run('lookFor', [seen])).toMatchObject({ state: 'absent' });
      expect(await named('seen', of)).toEqual([]);
      expect((await lab.run('createAccount', [seen])).awaiting).toBeUndefined();
      expect(await lab.run('lookFor', [seen])).toMatchObject({ state: 'ours' });
      await lab.run('createAccount', [seen]);
      expect(await lab.run('lookFor', [{ ...seen, password: another }])).toMatchObject({ state: 'taken' });
      expect(await named('seen', of)).toHaveLength(1);
    },
  );

  test("a name that is somebody else's is not signed in to, and nothing is sent", async () => {
    await wiki.addUser('taken', another);
    expect(await lab.fail('createAccount', [task('taken')])).toMatchObject({ type: 'AlreadyExists', submitted: false });
    expect(await wiki.pageText('users/taken')).toBeUndefined();
    expect(await lab.run('lookFor', [task('taken', { password: another })])).toMatchObject({ state: 'ours' });
  });

  test('a name that the wiki gives away while the form is filled in is taken', async () => {
    await putBehind('raced.test', async ({ path, page }) => {
      if (path.endsWith('do=register')) await wiki.addUser('raced', another);
      return page;
    });
    expect(await lab.fail('createAccount', [{ ...task('raced'), domain: 'raced.test' }])).toMatchObject({
      type: 'AlreadyExists',
      message: expect.stringMatching(/^Name: Invalid entry \(signing in to it: .+\)$/),
    });
    expect(await named('raced')).toHaveLength(1);
  });

  test('what the form does not take is refused in the words of the wiki', async () => {
    const failed = await lab.fail('createAccount', [task('mis/spelt', { email: 'no address' })]);
    expect(failed).toMatchObject({ type: 'Rejected', message: 'Name: Invalid entry; Email: Invalid entry' });
    expect(await named('mis/spelt')).toEqual([]);
  });

  test('a wrong password imports nothing, and is nowhere in what is kept of the failure, although the wiki shows it again', async () => {
    const given = await join('locked');
    const failed = await lab.fail('importFeed', [{ ...given, password: 'Wrong&Pass"2<y>' }, undefined]);
    expect(failed).toMatchObject({ type: 'WrongCredentials', message: 'Password: Invalid entry' });
    const told = failed.message + lab.readEvidence(failed.evidence!);
    expect(told).toContain('Invalid entry');
    for (const form of writeForms('Wrong&Pass"2<y>')) expect(told).not.toContain(form);
    expect(await wiki.pageText('users/locked')).toBeUndefined();
  });

  test('a wiki that is down fails each step before anything is sent', async () => {
    const away = { ...task('away', { link_rss: 'http://127.0.0.1:1/feed.xml' }), domain: 'down.test' };
    const down = { type: 'SiteDown', submitted: false };
    expect(await lab.fail('createAccount', [away])).toMatchObject(down);
    expect(await lab.fail('importFeed', [away, undefined])).toMatchObject(down);
  });

  test('the forms are as they were kept with the recipe', async () => {
    const { username, email, password } = await join('formed');
    const checked = await checkForms(lab.sitesFile, 'wiki.test', { username, email, password });
    expect(checked).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('\nThe forms are as they were kept: signUp, signIn.\n'),
    });
  });

  test('a form that has changed is named, and nothing is sent', async () => {
    await putBehind('changed.test', ({ page }) =>
      page.replace('id="signin_email_field"', 'id="x"').replace('id="editcontent"', 'id="y"'),
    );
    const given = await join('unread');
    const [unmade, unread] = await Promise.all([
      lab.fail('createAccount', [{ ...task('unmade'), domain: 'changed.test' }]),
      lab.fail('importFeed', [{ ...given, domain: 'changed.test' }, undefined]),
    ]);
    expect(unmade).toMatchObject({
      type: 'FormChanged',
      submitted: false,
      message: expect.stringContaining('#signin_email_field'),
    });
    expect(unread).toMatchObject({
      type: 'FormChanged',
      message: 'changed.test: none of text, error on the page /ikiwiki.cgi',
    });
    expect(await named('unmade')).toEqual([]);
    expect(await wiki.pageText('users/unread')).toBeUndefined();
  });

  test('a feed that is imported a second time is left as it is', async () => {
    const given = await join('twice');
    const front = await putBehind('twice.test', ({ page }) => page);
    const { session } = await lab.run('importFeed', [{ ...given, domain: 'twice.test' }, undefined]);
    const before = await wiki.pageText('users/twice');
    await wiki.aggregate();
    await lab.run('importFeed', [{ ...given, domain: 'twice.test' }, session]);
    expect(await wiki.pageText('users/twice')).toBe(before);
    expect(await feedsOf('twice')).toEqual([given.link_rss]);
    expect(front.taken.filter(({ body }) => body.includes('Save'))).toHaveLength(1);
  });

  test('a feed takes the place of an earlier one, and what people wrote around it stays', async () => {
    const given = await join('moved');
    const earlier = 'http://127.0.0.1:1/an_old_*one*.xml?a=%22b&copy=[[!x]][[y]]\\#c';
    const { session } = await lab.run('importFeed', [{ ...given, link_rss: earlier.replace('%22', '"') }, undefined]);
    expect(await feedsOf('moved')).toEqual([earlier]);
    expect(await readPage('moved')).toContain('</a>: new feed');
    const source = await wiki.pageText('users/moved');
    await wiki.editPage('users/moved', `Our own words.\n\n${source}\nMore of them.\n`);
    await lab.run('importFeed', [given, session]);
    const [, show] = source!.split('\n\n');
    const list = `[[!aggregate name="moved" dir="users/moved/feed" url="${given.link_rss}" feedurl="${given.link_rss}"]]`;
    expect(await wiki.pageText('users/moved')).toBe(`Our own words.\n\n${list}\n\n${show}\nMore of them.\n`);
  });

  describe('cut off after the form was sent, and begun again,', () => {
    test('a sign-up makes one account', async () => {
      let release = () => {};
      await putBehind('cut.test', async ({ sent, page }) => {
        if (sent.includes('Create+Account')) await new Promise<void>((resolve) => (release = resolve));
        return page;
      });
      const given = { ...task('cut'), domain: 'cut.test' };
      const environment = new MockActivityEnvironment({ startToCloseTimeoutMs: 60_000 });
      const failing = lab.fail('createAccount', [given], environment);
      await expect.poll(() => named('cut'), { interval: 20, timeout: 40_000 }).toHaveLength(1);
      environment.cancel();
      expect(await failing).toMatchObject({ name: 'CancelledFailure', submitted: true });
      release();
      expect(await lab.run('lookFor', [given])).toMatchObject({ state: 'ours' });
      await lab.run('createAccount', [given]);
      expect(await named('cut')).toHaveLength(1);
    });

    test('an import lists the feed once', async () => {
      const given = await join('torn');
      let release = () => {};
      const front = await putBehind('torn.test', async ({ sent, page }) => {
        if (sent.includes('Save+Page')) await new Promise<void>((resolve) => (release = resolve));
        return page;
      });
      const environment = new MockActivityEnvironment({ startToCloseTimeoutMs: 60_000 });
      const failing = lab.fail('importFeed', [{ ...given, domain: 'torn.test' }, undefined], environment);
      await expect.poll(() => feedsOf('torn'), { interval: 20, timeout: 40_000 }).toHaveLength(1);
      environment.cancel();
      expect(await failing).toMatchObject({ name: 'CancelledFailure' });
      release();
      await lab.run('importFeed', [{ ...given, domain: 'torn.test' }, undefined]);
      expect(await feedsOf('torn')).toEqual([given.link_rss]);
      expect(front.taken.filter(({ body }) => body.includes('Save'))).toHaveLength(1);
    });
  });

  test("a feed that the wiki can't fetch is refused in its words, once it has tried", async () => {
    const given = await join('gone', { link_rss: 'http://127.0.0.1:1/feed.xml' });
    const { session } = await lab.run('importFeed', [given, undefined]);
    await wiki.aggregate();
    expect(await lab.fail('importFeed', [given, session])).toMatchObject({
      type: 'Rejected',
      message: expect.stringContaining('Connection refused'),
    });
    expect(await lab.fail('importFeed', [{ ...given, link_rss: 'no address' }, session])).toMatchObject({
      type: 'Rejected',
    });
    expect(await feedsOf('gone')).toEqual(['http://127.0.0.1:1/feed.xml']);
  });

  test('a wiki without the plugin that fetches feeds is told of', async () => {
    const given = { ...task('bare', { link_rss: await makeFeed('bare') }), domain: 'bare.test' };
    await wikis[2]!.addUser('bare', given.password);
    expect(await lab.fail('importFeed', [given, undefined])).toMatchObject({
      type: 'Rejected',
      message: expect.stringContaining('plugin "aggregate"'),
    });
  });
});
