import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BrowserActivities } from '../../../activities/browser.ts';
import type { MailProof, MailRequest } from '../../../contracts/mail.ts';
import type { PodcastTask } from '../../../contracts/podcast.ts';
import { findCode } from '../../../services/mailbox/find-code.ts';
import { createShow } from '../../practice/podcast-sites.ts';
import { Visitor } from '../../practice/visitor.ts';
import { AnsweringServer } from '../../support/answering-server.ts';
import {
  type BrowserAndSites,
  type Failed,
  mailDomain,
  startBrowserAndSites,
  writeForms,
} from '../../support/browser-and-sites.ts';

/** Who gets mail here. */
const names = ['caster', 'listed', 'seen', 'owned', 'ownedlost', 'wrongcode', 'raced'];
const host = 'host.practice.test';
const codeHost = 'host-code.practice.test';
const directory = 'directory.practice.test';
const ownerDirectory = 'directory-owner.practice.test';
const linkDirectory = 'directory-link.practice.test';
let lab: BrowserAndSites;
const fronts: AnsweringServer[] = [];

beforeAll(async () => {
  lab = await startBrowserAndSites([], names, [
    { kind: 'host', domain: host, confirmation: 'none' },
    { kind: 'host', domain: codeHost, confirmation: 'code' },
    { kind: 'directory', domain: directory, confirmation: 'none' },
    { kind: 'directory', domain: ownerDirectory, confirmation: 'none', ownerCode: true },
    { kind: 'directory', domain: linkDirectory, confirmation: 'link' },
  ]);
});
afterAll(async () => {
  for (const front of fronts) await front.close();
  await lab.close();
});

const siteOf = (domain: string) => lab.practice.podcasts.find((site) => site.domain === domain)!;
const accounts = (domain: string, username: string) =>
  siteOf(domain)
    .state()
    .accounts.filter((account) => account.username === username);
const submits = (domain: string, username: string) =>
  siteOf(domain)
    .state()
    .counts.signUpSubmits.filter((submit) => submit.username === username).length;
const shows = (username: string) =>
  lab
    .host(host)
    .state()
    .shows.filter((show) => show.username === username);
const imported = (domain: string, feed: string) =>
  lab
    .directory(domain)
    .state()
    .podcasts.filter((podcast) => podcast.feed === feed);

/** Runs a step that must fail, and makes sure that neither its failure nor its evidence tells a secret. */
async function fail<Name extends keyof BrowserActivities>(
  name: Name,
  args: Parameters<BrowserActivities[Name]>,
  environment?: MockActivityEnvironment,
): Promise<Failed> {
  const failed = await lab.fail(name, args, environment);
  const [task, session, proof] = args as [PodcastTask, string | undefined, MailProof | undefined];
  const cookies =
    session === undefined
      ? []
      : (JSON.parse(session) as { cookies: { value: string }[] }).cookies.map(({ value }) => value);
  const secrets = [task.password, task.pass_mail, task.app_password, task.twofa, proof?.value ?? '', ...cookies].filter(
    (secret) => secret !== '',
  );
  const told = failed.message + (failed.evidence === undefined ? '' : lab.readEvidence(failed.evidence));
  for (const secret of secrets) for (const form of writeForms(secret)) expect(told).not.toContain(form);
  return failed;
}

/** Someone's account, made without a recipe, who is signed in there. */
async function join(
  domain: string,
  username: string,
  more: Partial<PodcastTask> = {},
): Promise<{ task: PodcastTask; visitor: Visitor }> {
  const task = lab.podcastTask(domain, username, more);
  const visitor = await new Visitor(siteOf(domain).url).begin(task, task.password);
  return { task, visitor: await visitor.finish() };
}

/** The feed of someone's show, made without a recipe. */
async function makeFeed(username: string): Promise<string> {
  const { task, visitor } = await join(host, username);
  await createShow(visitor, { 'Owner email': task.email });
  return shows(username)[0]!.feed;
}

/** The code that a directory sent to the feed's owner, found in the way that a worker does. */
async function readOwnerCode(username: string, awaiting: MailRequest): Promise<MailProof> {
  const mails = await lab.practice.mail.messages(`${username}@${mailDomain}`);
  const mail = mails.findLast(
    ({ from, subject }) =>
      awaiting.from.some((sender) => from.endsWith(`@${sender}`)) && subject.includes(awaiting.subject!),
  );
  return { kind: 'code', value: findCode(mail!, awaiting)! };
}

/** Lists a site under another domain, with its pages changed on their way to the browser. */
async function showChanged(domain: string, change: (page: string, path: string) => string): Promise<string> {
  const { kind, url } = siteOf(domain);
  const front = await AnsweringServer.start();
  fronts.push(front);
  front.answer = async (response, { headers }, { method, path, body }) => {
    const sent = { cookie: headers.cookie ?? '', 'content-type': headers['content-type'] ?? 'text/plain' };
    const answer = await fetch(url + path, {
      method,
      headers: sent,
      redirect: 'manual',
      body: method === 'POST' ? body : null,
    });
    for (const name of ['content-type', 'location'])
      if (answer.headers.has(name)) response.setHeader(name, answer.headers.get(name)!);
    response
      .writeHead(answer.status, { 'set-cookie': answer.headers.getSetCookie() })
      .end(change(await answer.text(), path));
  };
  const changed = `changed-${fronts.length}.practice.test`;
  lab.listSites({
    domain: changed,
    recipe: `practice-podcast-${kind}`,
    url: front.url,
    permission: 'a test of our own',
  });
  return changed;
}

describe('the whole way', () => {
  test('on a host that mails a code: the account, its confirmation, the show and its feed', async () => {
    const task = lab.podcastTask(codeHost, 'caster');
    const made = await lab.run('createAccount', [task]);
    expect(made.awaiting).toMatchObject({ kind: 'code', codeLength: 6 });
    const { session } = await lab.run('confirmEmail', [task, made.session, await lab.readMail('caster', 'code')]);
    expect(accounts(codeHost, 'caster')).toMatchObject([{ confirmed: true, firstName: 'caster', lastName: 'caster' }]);

    const { feedUrl } = await lab.run('makeShow', [task, session]);
    expect(lab.host(codeHost).state().shows).toMatchObject([
      {
        title: 'caster',
        description: 'We talk about samples.',
        language: 'en',
        category: 'Business',
        ownerEmail: task.email,
        feed: feedUrl,
      },
    ]);
    expect(await (await fetch(feedUrl)).text()).toContain('<itunes:email>caster@mail.practice.test</itunes:email>');
    expect(submits(codeHost, 'caster')).toBe(1);
  });

  test('on a directory that mails a link: the account, its confirmation and the import', async () => {
    const task = lab.podcastTask(linkDirectory, 'listed', { link_rss: await makeFeed('listed') });
    const made = await lab.run('createAccount', [task]);
    expect(made.awaiting).toMatchObject({ kind: 'link', linkPath: '/confirm' });
    const { session } = await lab.run('confirmEmail', [task, made.session, await lab.readMail('listed', 'link')]);
    expect(accounts(linkDirectory, 'listed')).toMatchObject([{ confirmed: true }]);

    const { awaiting } = await lab.run('importFeed', [task, session]);
    expect(awaiting).toBeUndefined();
    expect(imported(linkDirectory, task.link_rss)).toMatchObject([{ username: 'listed', title: 'Sample talks' }]);
  });
});

describe('the account', () => {
  test.each([
    [codeHost, 'code'],
    [linkDirectory, 'link'],
  ] as const)('on %s is looked for without making it: absent, unconfirmed, ours or taken', async (domain, kind) => {
    const task = lab.podcastTask(domain, 'seen');
    expect(await lab.run('lookFor', [task])).toMatchObject({ state: 'absent' });
    expect(submits(domain, 'seen')).toBe(0);
    const made = await lab.run('createAccount', [task]);
    expect(await lab.run('lookFor', [task])).toMatchObject({ state: 'unconfirmed', awaiting: { kind } });
    await lab.run('confirmEmail', [task, made.session, await lab.readMail('seen', kind)]);
    expect(await lab.run('lookFor', [task])).toMatchObject({ state: 'ours' });
    expect(await lab.run('lookFor', [{ ...task, password: 'Another-pass-1' }])).toMatchObject({ state: 'taken' });
    expect(await lab.run('lookFor', [{ ...task, username: 'unseen' }])).toMatchObject({ state: 'taken' });
    expect(submits(domain, 'seen')).toBe(1);
  });

  test.each([host, directory])("on %s whose name or address is another's is not made", async (domain) => {
    const { task } = await join(domain, 'taken');
    const before = siteOf(domain).state().counts;
    const sameName = { ...task, email: `mailfree@${mailDomain}`, password: 'Another-pass-1' };
    expect(await fail('createAccount', [sameName])).toMatchObject({ type: 'AlreadyExists', submitted: false });
    const sameAddress = { ...task, username: 'namefree' };
    expect(await fail('createAccount', [sameAddress])).toMatchObject({ type: 'AlreadyExists', submitted: false });
    expect(siteOf(domain).state().counts.signUpSubmits).toEqual(before.signUpSubmits);
  });

  test("that is there and takes the task's credentials is ours, and nothing is sent", async () => {
    const { task } = await join(host, 'mine');
    const made = await lab.run('createAccount', [task]);
    expect(made.session).toBeDefined();
    expect(submits(host, 'mine')).toBe(1);
  });

  test('whose name the form does not take is refused in the words of the site', async () => {
    const task = lab.podcastTask(host, 'Mis Spelt', { email: `misspelt@${mailDomain}` });
    expect(await lab.run('lookFor', [task])).toMatchObject({ state: 'unknown' });
    const failed = await fail('createAccount', [task]);
    expect(failed).toMatchObject({
      type: 'Rejected',
      submitted: false,
      message: 'Use 3 to 30 of the characters a-z, 0-9, _, . and -.',
    });
  });

  test.each([host, directory])('on %s that a human must make is not made', async (domain) => {
    siteOf(domain).setBehaviour({ humanCheck: 'both' }, 'human');
    expect(await fail('createAccount', [lab.podcastTask(domain, 'human')])).toMatchObject({
      type: 'Challenge',
      submitted: true,
    });
    expect(accounts(domain, 'human')).toEqual([]);
    expect(await fail('signIn', [lab.podcastTask(domain, 'human')])).toMatchObject({
      type: 'Challenge',
      submitted: false,
    });
  });
});

describe('a step', () => {
  test('whose password is wrong does nothing', async () => {
    const [onHost, onDirectory] = [await join(host, 'locked'), await join(directory, 'locked')];
    const failed = await fail('makeShow', [{ ...onHost.task, password: 'Another-pass-1' }, undefined]);
    expect(failed).toMatchObject({
      type: 'WrongCredentials',
      submitted: false,
      message: 'Wrong email, username or password.',
    });
    expect(shows('locked')).toEqual([]);
    const { feedsFetched } = lab.directory(directory).state().counts;
    const task = { ...onDirectory.task, password: 'Another-pass-1', link_rss: 'http://127.0.0.1:1/feed.xml' };
    expect(await fail('importFeed', [task, undefined])).toMatchObject({ type: 'WrongCredentials', submitted: false });
    expect(lab.directory(directory).state().counts.feedsFetched).toBe(feedsFetched);
  });

  test('at a site that is down is told so, with the time that the site asks for', async () => {
    const { task } = await join(host, 'ailing');
    const { session } = await lab.run('signIn', [task]);
    lab.host(host).setBehaviour({ down: { retryAfter: 120 } }, 'ailing');
    lab.directory(directory).setBehaviour({ down: { retryAfter: 120 } }, 'ailing');
    const down = { type: 'SiteDown', submitted: false, retryAfterMs: 120_000 };
    expect(await fail('makeShow', [task, session])).toMatchObject({ ...down, message: `${host} answers 503 on /` });
    expect(await fail('createAccount', [{ ...task, domain: directory }])).toMatchObject({
      ...down,
      message: `${directory} answers 503 on /signup`,
    });
    lab.listSites({
      domain: 'gone.practice.test',
      recipe: 'practice-podcast-directory',
      url: 'http://127.0.0.1:1',
      permission: 'a test of our own',
    });
    expect(await fail('importFeed', [{ ...task, domain: 'gone.practice.test' }, undefined])).toMatchObject({
      type: 'SiteDown',
      submitted: false,
    });
  });

  describe('that meets a renamed label', () => {
    test.concurrent.each([
      [
        'makeShow',
        host,
        'Language',
        "could not find option getByLabel('Language').getByRole('option', { name: 'English', exact: true }) on the page /show/new",
      ],
      ['makeShow', host, 'Cover art', "could not upload getByLabel('Cover art') on the page /show/new"],
      ['importFeed', directory, 'RSS feed URL', "could not fill getByLabel('RSS feed URL') on the page /add"],
      ['createAccount', directory, 'Username', "could not fill getByLabel('Username') on the page /signup"],
    ] as const)('%s on %s names the field "%s"', async (step, domain, label, words) => {
      const username = `changed${label.replace(/\W/g, '').toLowerCase()}`;
      const { task } = await join(domain, username);
      const changed = await showChanged(domain, (page) => page.replaceAll(`>${label}<`, '>Something else<'));
      const args = [{ ...task, domain: changed, link_rss: 'http://127.0.0.1:1/feed.xml' }, undefined] as [
        PodcastTask,
        undefined,
      ];
      const before = submits(domain, username);
      expect(await fail(step, args)).toMatchObject({
        type: 'FormChanged',
        submitted: false,
        message: `${changed}: ${words}`,
      });
      expect(shows(username)).toEqual([]);
      expect(submits(domain, username)).toBe(before);
    });
  });
});

describe('making the show', () => {
  test('a second time changes nothing', async () => {
    const { task } = await join(host, 'maker');
    const made = await lab.run('makeShow', [task, undefined]);
    const before = lab.host(host).state();
    const again = await lab.run('makeShow', [task, made.session]);
    expect(again.feedUrl).toBe(made.feedUrl);
    expect(lab.host(host).state().counts.showsMade).toBe(before.counts.showsMade);
    expect(shows('maker')).toEqual(before.shows.filter(({ username }) => username === 'maker'));
  });

  test('is not tried with a picture that is smaller than the host asks for', async () => {
    const { task } = await join(host, 'plain');
    const small = { ...task, image_url: lab.picture('avatar', 'plain') };
    expect(await fail('makeShow', [small, undefined])).toMatchObject({
      type: 'AssetRefused',
      submitted: false,
      message: expect.stringContaining('1400'),
    });
    expect(shows('plain')).toEqual([]);
  });

  test('that the host refuses is told in its words', async () => {
    const { task } = await join(host, 'wordless', { about: '' });
    expect(await fail('makeShow', [task, undefined])).toMatchObject({
      type: 'Rejected',
      submitted: true,
      message: 'Describe the show.',
    });
    expect(shows('wordless')).toEqual([]);
  });

  test('that is cut off after the form was sent, and begun again, makes one show', async () => {
    const { task } = await join(host, 'killed');
    // Every answer takes its time: the form's is still out when the show is there.
    lab.host(host).setBehaviour({ slow: 1_500 }, 'killed');
    const environment = new MockActivityEnvironment({ startToCloseTimeoutMs: 60_000 });
    const failing = fail('makeShow', [task, undefined], environment);
    await expect.poll(() => shows('killed').length, { interval: 20, timeout: 40_000 }).toBe(1);
    environment.cancel();
    expect(await failing).toMatchObject({ name: 'CancelledFailure', submitted: true });

    lab.host(host).setBehaviour({}, 'killed');
    const { showsMade } = lab.host(host).state().counts;
    const again = await lab.run('makeShow', [task, undefined]);
    expect(shows('killed')).toMatchObject([{ feed: again.feedUrl }]);
    expect(lab.host(host).state().counts.showsMade).toBe(showsMade);
  });

  test('of which an earlier attempt is seen only when the form is opened, makes no second one', async () => {
    const feed = await makeFeed('late');
    const { showsMade } = lab.host(host).state().counts;
    let looks = 0;
    const domain = await showChanged(host, (page, path) =>
      path === '/dashboard' && looks++ === 0 ? '<p>You have no show yet.</p>' : page,
    );
    expect(await lab.run('makeShow', [lab.podcastTask(domain, 'late'), undefined])).toMatchObject({ feedUrl: feed });
    expect(looks).toBeGreaterThan(1);
    expect(lab.host(host).state().counts.showsMade).toBe(showsMade);
  });
});

describe('importing the feed', () => {
  test('a second time changes nothing', async () => {
    const { task } = await join(directory, 'importer', { link_rss: await makeFeed('importer') });
    const { session } = await lab.run('importFeed', [task, undefined]);
    expect(imported(directory, task.link_rss)).toMatchObject([{ username: 'importer' }]);
    const before = lab.directory(directory).state();
    expect((await lab.run('importFeed', [task, session])).awaiting).toBeUndefined();
    const after = lab.directory(directory).state();
    expect(after.counts).toMatchObject({ imports: before.counts.imports, feedsFetched: before.counts.feedsFetched });
    expect(after.podcasts).toEqual(before.podcasts);
  });

  test("where the feed's owner is asked, waits for the code, and the code counts once", async () => {
    const { task } = await join(ownerDirectory, 'owned', { link_rss: await makeFeed('owned') });
    const { awaiting, session } = await lab.run('importFeed', [task, undefined]);
    expect(awaiting).toMatchObject({ kind: 'code', codeLength: 8, subject: 'Your import code' });
    expect(imported(ownerDirectory, task.link_rss)).toEqual([]);
    const proof = await readOwnerCode('owned', awaiting!);
    const confirmed = await lab.run('confirmImport', [task, session, proof]);
    expect(imported(ownerDirectory, task.link_rss)).toMatchObject([{ username: 'owned' }]);

    const { imports } = lab.directory(ownerDirectory).state().counts;
    await lab.run('confirmImport', [task, confirmed.session, proof]);
    expect((await lab.run('importFeed', [task, confirmed.session])).awaiting).toBeUndefined();
    expect(lab.directory(ownerDirectory).state().counts.imports).toBe(imports);
  });

  test('whose answer was lost is found done, and done once', async () => {
    const { task } = await join(directory, 'lost', { link_rss: await makeFeed('lost') });
    lab.directory(directory).setBehaviour({ errorAfterImport: true }, 'lost');
    expect(await fail('importFeed', [task, undefined])).toMatchObject({
      type: 'SiteDown',
      message: `${directory} answers 500 on /add`,
    });
    const { imports } = lab.directory(directory).state().counts;
    expect((await lab.run('importFeed', [task, undefined])).awaiting).toBeUndefined();
    expect(imported(directory, task.link_rss)).toMatchObject([{ username: 'lost' }]);
    expect(lab.directory(directory).state().counts.imports).toBe(imports);
  });

  test("whose answer to the owner's code was lost is found done, and done once", async () => {
    const { task } = await join(ownerDirectory, 'ownedlost', { link_rss: await makeFeed('ownedlost') });
    const { awaiting, session } = await lab.run('importFeed', [task, undefined]);
    const proof = await readOwnerCode('ownedlost', awaiting!);
    lab.directory(ownerDirectory).setBehaviour({ errorAfterImport: true }, 'ownedlost');
    expect(await fail('confirmImport', [task, session, proof])).toMatchObject({
      type: 'SiteDown',
      message: `${ownerDirectory} answers 500 on /add/verify`,
    });
    const { imports } = lab.directory(ownerDirectory).state().counts;
    await lab.run('confirmImport', [task, session, proof]);
    expect(imported(ownerDirectory, task.link_rss)).toMatchObject([{ username: 'ownedlost' }]);
    expect(lab.directory(ownerDirectory).state().counts.imports).toBe(imports);
  });

  test('by a wrong code is refused, and nothing but the right one brings it', async () => {
    const secrets = { pass_mail: 'planted/mail+pass', twofa: 'JBSWY3DPEHPK3PXQ', app_password: 'qwer tyui opas dfgh' };
    const { task } = await join(ownerDirectory, 'wrongcode', { link_rss: await makeFeed('wrongcode'), ...secrets });
    const { awaiting, session } = await lab.run('importFeed', [task, undefined]);
    const proof = await readOwnerCode('wrongcode', awaiting!);
    const wrong = { kind: 'code' as const, value: proof.value === '91827364' ? '91827365' : '91827364' };
    const failed = await fail('confirmImport', [task, session, wrong]);
    expect(failed).toMatchObject({ type: 'Rejected', message: 'This code is wrong.' });
    expect(lab.readEvidence(failed.evidence!)).toContain('This code is wrong.');
    expect(imported(ownerDirectory, task.link_rss)).toEqual([]);
    await lab.run('confirmImport', [task, session, proof]);
    expect(imported(ownerDirectory, task.link_rss)).toHaveLength(1);
  });

  test('that nobody asked for is not taken for confirmed', async () => {
    const { task } = await join(ownerDirectory, 'uninvited', { link_rss: await makeFeed('uninvited') });
    const failed = await fail('confirmImport', [task, undefined, { kind: 'code', value: '91827364' }]);
    expect(failed).toMatchObject({
      type: 'Rejected',
      message: `${ownerDirectory}: no import waits for its owner's code, and the feed is not imported`,
    });
  });

  test("that another account has is another's", async () => {
    const feed = await makeFeed('rival');
    const other = await join(directory, 'faster', { link_rss: feed });
    await lab.run('importFeed', [other.task, undefined]);
    const { task } = await join(directory, 'rival', { link_rss: feed });
    expect(await fail('importFeed', [task, undefined])).toMatchObject({
      type: 'AlreadyExists',
      message: 'Already imported by another account.',
    });
    expect(imported(directory, feed)).toMatchObject([{ username: 'faster' }]);
  });

  test("that another account brought while its code was under way is another's", async () => {
    const feed = await makeFeed('raced');
    const [ours, other] = [
      await join(ownerDirectory, 'raced', { link_rss: feed }),
      await join(ownerDirectory, 'racer', { link_rss: feed }),
    ];
    const waiting = await lab.run('importFeed', [ours.task, undefined]);
    const proof = await readOwnerCode('raced', waiting.awaiting!);
    const { awaiting, session } = await lab.run('importFeed', [other.task, undefined]);
    await lab.run('confirmImport', [other.task, session, await readOwnerCode('raced', awaiting!)]);
    expect(await fail('confirmImport', [ours.task, waiting.session, proof])).toMatchObject({ type: 'AlreadyExists' });
    expect(imported(ownerDirectory, feed)).toMatchObject([{ username: 'racer' }]);
  });

  test('that the directory refuses is told in its words', async () => {
    const { task } = await join(directory, 'refused', { link_rss: await makeFeed('refused') });
    const { feedsFetched } = lab.directory(directory).state().counts;
    expect(await fail('importFeed', [{ ...task, link_rss: 'no address' }, undefined])).toMatchObject({
      type: 'Rejected',
      message: 'This is no web address.',
    });
    expect(lab.directory(directory).state().counts.feedsFetched).toBe(feedsFetched);
    const absent = await fail('importFeed', [{ ...task, link_rss: `${task.link_rss}x` }, undefined]);
    expect(absent).toMatchObject({ type: 'Rejected', message: 'This is not a valid feed: it answers 404.' });
    lab.directory(directory).setBehaviour({ importRefused: true }, 'refused');
    expect(await fail('importFeed', [task, undefined])).toMatchObject({
      type: 'Rejected',
      message: 'This podcast was refused: it breaks our rules.',
    });
    expect(imported(directory, task.link_rss)).toEqual([]);
  });
});
