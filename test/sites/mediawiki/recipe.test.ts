import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { type BrowserActivities, createBrowserActivities } from '../../../activities/browser.ts';
import { findBrowser } from '../../../config/find-browser.mjs';
import { Sites } from '../../../config/sites-file.ts';
import { entityTask } from '../../../contracts/entity.ts';
import { type SocialTask, socialTask } from '../../../contracts/social.ts';
import { BrowserPool } from '../../../services/browser/browser-pool.ts';
import { Kit } from '../../../sites/kit/kit.ts';
import { mediawiki } from '../../../sites/mediawiki/recipe.ts';
import { checkForms } from '../../support/check-forms.ts';
import { type Enlist, mailDomain, mailPassword, socialRequest, startEnlist } from '../../support/enlist.ts';
import { type MailHost, mailHostMissing, startMailHost } from '../../support/mail-host.ts';
import { type MediaWiki, mediaWikiMissing, type MediaWikiOptions, startMediaWiki } from '../../support/mediawiki.ts';
import { openApiSession, signIn } from '../../support/mediawiki/api-session.ts';

const password = 'Quiet-river-91x!';
/** "12345678901234567890" in base32. */
const twofa = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const codePeriod = () => Math.floor(Date.now() / 30_000);
const missing = [mediaWikiMissing() ?? [], mailHostMissing() ?? []].flat().join(' and ');

/** The wiki's next version, with another field for the name and none for the password. */
const changedForms = `
$wgHooks['AuthChangeFormFields'][] = function ( $requests, $fields, &$form, $action ) {
	if ( $action === 'create' ) $form['username']['id'] = 'wpNickname';
	if ( $action === 'login' ) unset( $form['password'] );
};`;

/** While the file is there, the answer to the next form is held until `FILE.held` is gone; the account is in the database by then. */
const heldAnswers = (file: string) => `
$wgHooks['BeforePageDisplay'][] = function () {
	if ( $_SERVER['REQUEST_METHOD'] !== 'POST' || !@rename( '${file}', '${file}.held' ) ) return;
	while ( file_exists( '${file}.held' ) ) {
		usleep( 20000 );
		clearstatcache();
	}
};`;

describe.skipIf(missing)(`the MediaWiki recipe${missing ? ` (left out: needs ${missing})` : ''}`, () => {
  const wikis: MediaWiki[] = [];
  let stack: Enlist;
  let mailHost: MailHost;
  let open: MediaWiki;
  let guarded: MediaWiki;
  let strict: MediaWiki;
  let thrifty: MediaWiki;
  let twoStep: MediaWiki;
  let held: MediaWiki;
  let heldFile: string;
  let pool: BrowserPool;
  let steps: BrowserActivities;

  beforeAll(async () => {
    const addresses = ['first_brand', 'taken', 'machine', 'weak', 'mine', 'careful'].map(
      (name) => `${name}@${mailDomain}`,
    );
    mailHost = await startMailHost(
      addresses.map((address) => ({ address, password: mailPassword.replaceAll(' ', '') })),
    );
    stack = await startEnlist();
    heldFile = path.join(stack.folder, 'hold');
    const start = async (options: MediaWikiOptions = {}) => {
      const wiki = await startMediaWiki(options);
      wikis.push(wiki);
      return wiki;
    };
    open = await start();
    guarded = await start({ humanCheck: 'simple' });
    strict = await start({ confirmToEdit: true, smtp: mailHost.smtp });
    thrifty = await start({ accountsPerDay: 1 });
    twoStep = await start({ authenticators: true });
    held = await start({ php: heldAnswers(heldFile) });
    const changed = await start({ php: changedForms });
    const urls = {
      'open.wiki.test': open.url,
      'guarded.wiki.test': guarded.url,
      // Its mails come from an address of this domain.
      'wiki.test': strict.url,
      'thrifty.wiki.test': thrifty.url,
      'two-step.wiki.test': twoStep.url,
      'held.wiki.test': held.url,
      'changed.wiki.test': changed.url,
      'down.wiki.test': 'http://127.0.0.1:1',
    };
    const file = stack.env.SITES_FILE!;
    const settings = parse(readFileSync(file, 'utf8')) as { sites: object[]; mail: object };
    for (const [domain, url] of Object.entries(urls))
      settings.sites.push({ domain, recipe: 'mediawiki', url, permission: 'a test of our own', every: '0s' });
    settings.mail = { [mailDomain]: mailHost.imap };
    writeFileSync(file, stringify(settings));
    pool = new BrowserPool(findBrowser()!);
    steps = createBrowserActivities({
      pool,
      sites: new Sites(file),
      evidenceDir: path.join(stack.folder, 'evidence'),
      assetsAllow: [],
    });
    await stack.startWorker();
  });
  afterAll(async () => {
    await pool?.close();
    for (const wiki of wikis) await wiki.close();
    await stack?.close();
    await mailHost?.close();
  });

  /** Makes a request of one account, follows it to its end, and gives what the manager then knows. */
  async function finish(username: string, domain: string, chosen = password) {
    const request = socialRequest(stack, username, [domain]);
    request.accounts[0]!.password = chosen;
    const requestId = await stack.admin.makeRequest(request);
    const { id } = (await stack.admin.readRequest(requestId)).tasks[0]!;
    const { stdout } = await stack.run('scripts/social.ts', id, '--wait');
    const [task] = (await stack.admin.readRequest(requestId)).tasks;
    return { ...task!, end: JSON.parse(stdout.trim().split('\n').at(-1)!) as { outcome: string } };
  }

  function task(username: string, domain: string, more: Partial<SocialTask> = {}): SocialTask {
    return socialTask.parse({ id: username, request_id: 'request', domain, username, password, ...more });
  }

  /** Runs one step as a worker does. */
  const run = <Given extends unknown[], Result>(
    step: (...given: Given) => Promise<Result>,
    ...given: Given
  ): Promise<Result> => new MockActivityEnvironment({ startToCloseTimeoutMs: 60_000 }).run(step, ...given);

  async function countEdits(wiki: MediaWiki, title: string): Promise<number> {
    const { query } = await wiki.api({ action: 'query', prop: 'revisions', titles: title, rvlimit: 'max' });
    return query.pages[0].revisions?.length ?? 0;
  }

  test('a task becomes one account with its user page, and is completed', async () => {
    const done = await finish('first_brand', 'open.wiki.test');
    expect(done).toMatchObject({ status: 'completed', end: { outcome: 'completed' } });
    expect((await open.userNames()).filter((name) => name === 'First brand')).toHaveLength(1);
    expect(await open.canSignIn('first_brand', password)).toBe(true);
    const page = await (await fetch(done.link_profile)).text();
    expect(page).toContain('<b>Sample Brand</b>');
    expect(page).toContain('We are a sample.');
    expect(page).toContain('<li>Huế</li>');
    expect(page).toContain('href="https://first_brand.example/"');
    expect(await open.pageText('User:First brand')).toMatch(/^\* https:\/\/social\.example\/@first_brand$/m);
  });

  test('the steps of a task that run again make no second account and no second edit', async () => {
    const twice = task('twice', 'open.wiki.test', {
      about: '<p>We are a sample.</p>',
      social_connect: ['https://social.example/a'],
    });
    for (let round = 0; round < 2; round++) {
      const { session } = await run(steps.createAccount, twice);
      await run(steps.updateProfile, twice, session);
    }
    expect((await open.userNames()).filter((name) => /twice/i.test(name))).toEqual(['Twice']);
    expect(await countEdits(open, 'User:Twice')).toBe(1);
  });

  test('a sign-up that is cut off before its answer leaves one account, which the next run finds to be its own', async () => {
    const cut = task('cut_off', 'held.wiki.test');
    writeFileSync(heldFile, '');
    const environment = new MockActivityEnvironment({ startToCloseTimeoutMs: 60_000 });
    const making = environment.run(steps.createAccount, cut);
    making.catch(() => {});
    await vi.waitFor(() => expect(existsSync(`${heldFile}.held`)).toBe(true), 30_000);
    environment.cancel();
    await expect(making).rejects.toMatchObject({
      name: 'CancelledFailure',
      details: [expect.objectContaining({ submitted: true })],
    });
    // While it holds its answer the wiki reads its database, and SQLite lets nobody write meanwhile.
    rmSync(`${heldFile}.held`);

    expect(await run(steps.lookFor, cut)).toMatchObject({ state: 'ours' });
    const { session } = await run(steps.createAccount, cut);
    expect(session).toContain('UserID');
    expect(await held.userNames()).toEqual(['Cut off']);
  });

  test("a name that is somebody else's ends the task and touches nothing of theirs", async () => {
    await open.addUser('Taken', 'Another-river-92y!');
    const failed = await finish('taken', 'open.wiki.test');
    expect(failed).toMatchObject({
      status: 'final_failed',
      error_message: expect.stringContaining('the name taken is taken'),
    });
    expect(await open.canSignIn('Taken', 'Another-river-92y!')).toBe(true);
    expect(await open.pageText('User:Taken')).toBeUndefined();
  });

  test('a wiki that asks for a human ends the task, with no account made', async () => {
    const failed = await finish('machine', 'guarded.wiki.test');
    expect(failed).toMatchObject({
      status: 'final_failed',
      error_message: expect.stringContaining('verify that a human is there'),
    });
    expect(await guarded.userExists('Machine')).toBe(false);
  });

  test("a password that the wiki refuses ends the task in the wiki's own words", async () => {
    const failed = await finish('weak', 'open.wiki.test', '1234567890');
    expect(failed).toMatchObject({
      status: 'final_failed',
      error_message: expect.stringContaining('very commonly used passwords'),
    });
    expect(await open.userExists('Weak')).toBe(false);
  });

  test('an account that the task made before has its profile filled in, and is not made again', async () => {
    await open.addUser('Mine', password);
    expect(await finish('mine', 'open.wiki.test')).toMatchObject({ status: 'completed' });
    expect((await open.userNames()).filter((name) => /^mine/i.test(name))).toEqual(['Mine']);
    expect(await open.pageText('User:Mine')).toContain('We are a sample.');
  });

  test('a wiki that lets nobody edit before the e-mail is confirmed gets its mail answered', async () => {
    expect(await finish('careful', 'wiki.test')).toMatchObject({ status: 'completed' });
    expect(await strict.emailConfirmed('Careful', password)).toBe(true);
    expect(await strict.pageText('User:Careful')).toContain('We are a sample.');
  });

  test('an account whose e-mail is not confirmed is told from one that can be used', async () => {
    const unconfirmed = task('waiting', 'wiki.test', { email: 'waiting@brand.test' });
    const made = await run(steps.createAccount, unconfirmed);
    expect(made.awaiting).toMatchObject({ kind: 'link', linkPath: 'Special:ConfirmEmail/' });
    expect(await run(steps.lookFor, unconfirmed)).toMatchObject({ state: 'unconfirmed', awaiting: made.awaiting });
    const link = { kind: 'link' as const, value: `${strict.url}/index.php/Special:ConfirmEmail/${'0'.repeat(32)}` };
    await expect(run(steps.confirmEmail, unconfirmed, made.session, link)).rejects.toMatchObject({
      type: 'Rejected',
      message: expect.stringContaining('Invalid confirmation code'),
    });
  });

  test('the forms are as they were kept with the recipe', async () => {
    await open.addUser('Formed', password);
    const checked = await checkForms(stack.env.SITES_FILE!, 'open.wiki.test', {
      username: 'Formed',
      email: `formed@${mailDomain}`,
      password,
    });
    expect(checked).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('\nThe forms are as they were kept: signUp, signIn, updateProfile.\n'),
    });
  });

  test('a form that lacks what the wiki requires is not sent', async () => {
    await expect(run(steps.createAccount, task('Mailless', 'wiki.test'))).rejects.toMatchObject({
      type: 'Rejected',
      message: expect.stringContaining('email: Please fill out this field'),
      details: [expect.objectContaining({ submitted: false })],
    });
    expect(await strict.userExists('Mailless')).toBe(false);
  });

  test.each(['first|second', 'someone@brand'])(
    '%s can be no name: the wiki says so, and looking finds nobody',
    async (name) => {
      await expect(run(steps.createAccount, task(name, 'open.wiki.test'))).rejects.toMatchObject({
        type: 'Rejected',
        message: expect.stringContaining('valid username'),
      });
      expect(await run(steps.lookFor, task(name, 'open.wiki.test'))).toMatchObject({ state: 'absent' });
    },
  );

  test('an e-mail address may have several accounts', async () => {
    const email = `careful@${mailDomain}`;
    for (const name of ['Twin one', 'Twin two']) {
      expect(await run(steps.createAccount, task(name, 'wiki.test', { email }))).toMatchObject({
        awaiting: { kind: 'link' },
      });
      expect(await strict.canSignIn(name, password)).toBe(true);
    }
  });

  test.each([
    ['createAccount', 'wpName2'],
    ['signIn', 'wpPassword1'],
  ] as const)('a form that changed ends %s, and the field that it lacks is named', async (step, field) => {
    await expect(run(steps[step], task('Lost', 'changed.wiki.test'))).rejects.toMatchObject({
      type: 'FormChanged',
      message: expect.stringContaining(`'#${field}'`),
      details: [expect.objectContaining({ submitted: false, evidence: expect.stringContaining(step) })],
    });
  });

  test("a wrong password is told in the wiki's own words", async () => {
    await open.addUser('Guarded', password);
    await expect(
      run(steps.signIn, task('Guarded', 'open.wiki.test', { password: 'Another-river-92y!' })),
    ).rejects.toMatchObject({
      type: 'WrongCredentials',
      message: expect.stringContaining('Incorrect username or password'),
    });
  });

  test('an authenticator is answered, and once more with its next code within the same half minute', async () => {
    await twoStep.addUser('Coded', password);
    await twoStep.addAuthenticator('Coded', twofa);
    const coded = task('coded', 'two-step.wiki.test', { twofa, about: '<p>We are a sample.</p>' });
    // Enough of a code's time for both to begin in it.
    const left = 30_000 - (Date.now() % 30_000);
    if (left < 20_000) await wait(left);
    const first = codePeriod();
    const { session } = await run(steps.signIn, coded);
    expect(session).toContain('UserID');
    expect(codePeriod()).toBe(first);
    await run(steps.updateProfile, coded, undefined);
    expect(codePeriod()).toBeGreaterThan(first);
    expect(await twoStep.pageText('User:Coded')).toContain('We are a sample.');
  });

  test.each([
    ['no secret', '', 'asks for an authenticator code, and the task has no secret'],
    ['a wrong secret', 'JBSWY3DPEHPK3PXP', 'Verification failed'],
  ])('an account with an authenticator refuses a task with %s', async (secret, given, words) => {
    const name = `With ${secret}`;
    await twoStep.addUser(name, password);
    await twoStep.addAuthenticator(name, twofa);
    const guarded = task(name, 'two-step.wiki.test', { twofa: given });
    const message = expect.stringContaining(words);
    await expect(run(steps.signIn, guarded)).rejects.toMatchObject({ type: 'WrongCredentials', message });
    await expect(run(steps.createAccount, guarded)).rejects.toMatchObject({ type: 'AlreadyExists', message });
  });

  test("what one address may make in a day is the wiki's to say, in its own words", async () => {
    await run(steps.createAccount, task('Early', 'thrifty.wiki.test'));
    await expect(run(steps.createAccount, task('Late', 'thrifty.wiki.test'))).rejects.toMatchObject({
      type: 'Rejected',
      message: expect.stringContaining('maximum allowed in this time period'),
    });
    expect(await thrifty.userNames()).toEqual(['Early']);
  });

  test('a wiki that looks at no password for a while is waited for', async () => {
    await open.addUser('Locked', password);
    for (let tried = 0; tried < 5; tried++) await open.canSignIn('Locked', 'Another-river-92y!');
    await expect(run(steps.lookFor, task('Locked', 'open.wiki.test'))).rejects.toMatchObject({
      type: 'SiteDown',
      details: [{ retryAfterMs: 300_000 }],
    });
  });

  test('a wiki that is down fails the step before anything is sent', async () => {
    await expect(run(steps.createAccount, task('Nobody', 'down.wiki.test'))).rejects.toMatchObject({
      type: 'SiteDown',
      details: [expect.objectContaining({ submitted: false })],
    });
  });

  test('a second run leaves the page as it is, and an empty part of the profile what stands there', async () => {
    await open.addUser('Again', password);
    const whole = {
      first_name: 'Sample',
      about: '<p>One.</p><p>Cafe\u0301 two.</p>',
      social_connect: ['https://social.example/a'],
    };
    const { session } = await run(steps.updateProfile, task('again', 'open.wiki.test', whole), undefined);
    await run(steps.updateProfile, task('again', 'open.wiki.test', whole), session);
    expect(await countEdits(open, 'User:Again')).toBe(1);

    await run(
      steps.updateProfile,
      task('again', 'open.wiki.test', { social_connect: ['https://social.example/b'] }),
      session,
    );
    const text = await open.pageText('User:Again');
    expect(text).toContain('Café two.');
    expect(text).toMatch(/== Links ==\n\* https:\/\/social\.example\/b$/);
  });

  test('text stays text, and links lead where they were meant to', async () => {
    await open.addUser('Plain', password);
    const links = [
      'https://a.example/__TOC__/~~~~',
      "https://b.example/''x''?q=1&lt;=2",
      'https://c.example/(d).',
      'https://e.example/{{f}}',
    ];
    const about =
      "<p>{{Template}} [[Link]] ''x'' ~~~~ __TOC__ &lt;/nowiki&gt;[[Out]] https://in.example/</p><p>== Links ==</p><p>&amp;lt;<br>* no list</p>";
    const { problems } = await run(
      steps.updateProfile,
      task('plain', 'open.wiki.test', {
        about,
        social_connect: [...links, 'javascript:alert(1)'],
        location: '[[Place]]',
      }),
      undefined,
    );
    expect(problems).toEqual(['Link left out: javascript:alert(1) is no web address']);
    const { parse: page } = await open.api({
      action: 'parse',
      page: 'User:Plain',
      prop: 'text|templates|links|sections',
    });
    expect(page).toMatchObject({ templates: [], links: [] });
    expect(page.sections.map(({ line }: { line: string }) => line)).toEqual(['Links']);
    const decode = (href: string) => href.replaceAll('&amp;', '&').replaceAll(/&#0?39;/g, "'");
    const targets = Array.from((page.text as string).matchAll(/class="external[^"]*" href="([^"]*)"/g), ([, href]) =>
      decode(href!),
    );
    expect(targets).toEqual(links.map((link) => new URL(link).href));
    expect(page.text).toContain("{{Template}} [[Link]] ''x'' ~~~~ __TOC__ &lt;/nowiki&gt;[[Out]] https://in.example/");
    expect(page.text).toContain('<li>[[Place]]</li>');
  });

  test('links are added beside those that are there, with what people wrote behind them', async () => {
    await open.addUser('Linked', password);
    const api = openApiSession(open.url);
    await signIn(api, 'Linked', password);
    const { query } = await api({ action: 'query', meta: 'tokens' });
    const before = 'Mine.\n\n== Links ==\n* https://social.example/a\n\n== Notes ==\nBy hand.';
    await api({ action: 'edit', title: 'User:Linked', text: before, token: query.tokens.csrftoken });

    const links = ['https://social.example/a', 'https://social.example/b'];
    const linked = entityTask.parse({ ...task('linked', 'open.wiki.test'), entity_connect: links });
    const { session, ...added } = await run(steps.addLinks, linked, undefined);
    expect(added).toMatchObject({ added: 1, kept: 1, missing: [] });
    expect(await run(steps.addLinks, linked, session)).toMatchObject({ added: 0, kept: 2, missing: [] });
    expect(await open.pageText('User:Linked')).toBe(
      before.replace('social.example/a', 'social.example/a\n* https://social.example/b'),
    );
  });

  test('a human check over an edit ends the step and leaves the page alone', async () => {
    await guarded.addUser('Edited', password);
    const edited = task('edited', 'guarded.wiki.test', { social_connect: ['https://social.example/a'] });
    await expect(run(steps.updateProfile, edited, undefined)).rejects.toMatchObject({ type: 'Challenge' });
    expect(await guarded.pageText('User:Edited')).toBeUndefined();
  });

  test('a session that the wiki has ended publishes nothing under an IP address', async () => {
    await open.addUser('Forgotten', password);
    await pool.withContext({}, async (context) => {
      const page = await context.newPage();
      const kit = new Kit({
        page,
        domain: 'open.wiki.test',
        siteUrl: open.url,
        totpSecret: '',
        signal: AbortSignal.timeout(60_000),
        deadline: Infinity,
      });
      const account = { email: '', username: 'Forgotten', password, firstName: '', lastName: '', phone: '' };
      const profile = {
        firstName: 'Sample',
        lastName: '',
        website: '',
        address: '',
        location: '',
        about: 'Text.',
        links: [],
      };
      await expect(mediawiki.updateProfile!(kit, account, profile)).rejects.toMatchObject({ kind: 'SiteDown' });
    });
    expect(await open.pageText('User:Forgotten')).toBeUndefined();
  });
});
