import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { type BrowserActivities, createBrowserActivities } from '../../../activities/browser.ts';
import { createMailActivities, type MailActivities } from '../../../activities/mail.ts';
import { findBrowser } from '../../../config/find-browser.mjs';
import { Sites } from '../../../config/sites-file.ts';
import { entityTask } from '../../../contracts/entity.ts';
import type { MailProof } from '../../../contracts/mail.ts';
import { type SocialTask, socialTask } from '../../../contracts/social.ts';
import { BrowserPool } from '../../../services/browser/browser-pool.ts';
import { dokuwiki } from '../../../sites/dokuwiki/recipe.ts';
import { Kit } from '../../../sites/kit/kit.ts';
import { checkForms } from '../../support/check-forms.ts';
import { type DokuWiki, dokuWikiMissing, type DokuWikiOptions, startDokuWiki } from '../../support/dokuwiki.ts';
import { type Enlist, socialRequest, startEnlist, type WorkerProcess } from '../../support/enlist.ts';
import { type MailHost, mailHostMissing, startMailHost } from '../../support/mail-host.ts';
import { sendmailMissing, sendmailPath } from '../../support/sendmail.ts';

const password = 'Quiet-river-91x!';
const brandDomain = 'brand.test';
const mailPassword = 'mnop qrst uvwx yzab';
const missing = [dokuWikiMissing(), mailHostMissing(), sendmailMissing()].filter(Boolean).join(', ');

describe.skipIf(missing)(`the DokuWiki recipe${missing ? ` (left out: needs ${missing})` : ''}`, () => {
  const wikis: Record<string, DokuWiki> = {};
  let mail: MailHost;
  let stack: Enlist;
  let pool: BrowserPool;
  let steps: BrowserActivities;
  let mails: MailActivities;

  /** A wiki by the first part of its domain. */
  const wiki = (name: string) => wikis[name]!;

  beforeAll(async () => {
    const names = ['first_brand', 'second', 'taken', 'mine', 'machine', 'weak', 'cut_off', 'cut_later', 'step'];
    mail = await startMailHost(
      names.map((name) => ({ address: `${name}@${brandDomain}`, password: mailPassword.replaceAll(' ', '') })),
    );
    const sendmail = sendmailPath(mail.smtp);
    const options: Record<string, Omit<DokuWikiOptions, 'domain'>> = {
      open: { sendmail },
      plain: { passwordByMail: false, userPages: 'anyone' },
      strict: { passwordByMail: false, plugin: 'password-rule' },
      choosy: { sendmail, plugin: 'password-rule' },
      framed: { sendmail, plugin: 'captcha-frame' },
      asking: { sendmail, plugin: 'captcha-question' },
      changed: { sendmail, plugin: 'renamed-field' },
      slow: { sendmail, plugin: 'slow' },
      pageless: { sendmail, userPages: 'none' },
      german: { sendmail, language: 'de' },
      mailless: {},
      closed: { registration: false },
    };
    for (const [name, more] of Object.entries(options))
      wikis[name] = await startDokuWiki({ domain: `${name}.wiki.test`, ...more });

    stack = await startEnlist();
    const file = stack.env.SITES_FILE!;
    const settings = parse(readFileSync(file, 'utf8')) as { sites: object[]; mail: object };
    const list = (name: string, url: string) =>
      settings.sites.push({
        domain: `${name}.wiki.test`,
        recipe: 'dokuwiki',
        url,
        permission: 'a test of our own',
        every: '0s',
      });
    for (const [name, { url }] of Object.entries(wikis)) list(name, url);
    list('down', 'http://127.0.0.1:1');
    Object.assign(settings.mail, { [brandDomain]: mail.imap });
    writeFileSync(file, stringify(settings));

    const sites = new Sites(file);
    pool = new BrowserPool(findBrowser()!);
    steps = createBrowserActivities({ pool, sites, evidenceDir: path.join(stack.folder, 'evidence'), assetsAllow: [] });
    mails = createMailActivities({ sites });
  });
  afterAll(async () => {
    await pool?.close();
    await stack?.close();
    for (const each of Object.values(wikis)) await each.close();
    await mail?.close();
  });

  async function makeTask(username: string, site: string, chosen = password) {
    const request = socialRequest(stack, username, [`${site}.wiki.test`]);
    Object.assign(request.accounts[0]!, {
      email: `${username}@${brandDomain}`,
      app_password: mailPassword,
      password: chosen,
    });
    const requestId = await stack.admin.makeRequest(request);
    return { requestId, id: (await stack.admin.readRequest(requestId)).tasks[0]!.id };
  }

  /** Starts a task's workflow, follows it to its end, and gives what the manager then knows. */
  async function finish({ id, requestId }: { id: string; requestId: string }) {
    await stack.run('scripts/social.ts', id, '--wait');
    return (await stack.admin.readRequest(requestId)).tasks[0]!;
  }

  function task(username: string, site: string, more: Partial<SocialTask> = {}): SocialTask {
    const email = `step@${brandDomain}`;
    return socialTask.parse({
      id: username,
      request_id: 'request',
      domain: `${site}.wiki.test`,
      username,
      email,
      app_password: mailPassword,
      password,
      ...more,
    });
  }

  /** Runs one step as a worker does. */
  const run = <Given extends unknown[], Result>(
    step: (...given: Given) => Promise<Result>,
    ...given: Given
  ): Promise<Result> => new MockActivityEnvironment({ startToCloseTimeoutMs: 60_000 }).run(step, ...given);

  /** Signs up and fetches the password that comes by mail. */
  async function signUp(account: SocialTask) {
    const marked = await run(() => mails.markMailbox(account));
    if (!('mark' in marked)) throw new Error(marked.unreadable);
    const made = await run(steps.createAccount, account);
    const proof = await run(() => mails.awaitMail(account, marked.mark, made.awaiting!));
    return { ...made, mark: marked.mark, proof };
  }

  const logins = async (name: string) => (await wiki(name).users()).map(({ login }) => login);

  describe('with the whole of the product', () => {
    let worker: WorkerProcess;
    beforeAll(async () => {
      worker = await stack.startWorker();
    });
    afterAll(async () => {
      await worker?.end('SIGTERM');
    });

    test('a task becomes one account with its own password and page, and is completed', async () => {
      const done = await finish(await makeTask('first_brand', 'open'));
      expect(done).toMatchObject({
        status: 'completed',
        link_profile: `${wiki('open').url}/doku.php?id=user:first_brand`,
      });
      expect((await wiki('open').users()).filter(({ login }) => login === 'first_brand')).toEqual([
        { login: 'first_brand', name: 'Sample Brand', mail: `first_brand@${brandDomain}` },
      ]);
      expect(await wiki('open').canSignIn('first_brand', password)).toBe(true);
      const page = await (await fetch(done.link_profile)).text();
      expect(page).toContain('Sample Brand</h1>');
      expect(page).toContain('We are a sample.');
      expect(page).toMatch(/<li class="level1"><div class="li"> ?Huế/);
      expect(page).toContain('href="https://first_brand.example/"');
      expect(page).toContain('href="https://social.example/@first_brand"');
    });

    test('a wiki whose form asks for the password needs no mail', async () => {
      expect(await finish(await makeTask('second', 'plain'))).toMatchObject({ status: 'completed' });
      expect(await wiki('plain').canSignIn('second', password)).toBe(true);
      expect(await wiki('plain').pageText('user:second')).toContain('We are a sample.');
      expect(await mail.messages(`second@${brandDomain}`)).toEqual([]);
    });

    test("a name that is somebody else's ends the task and touches nothing of theirs", async () => {
      await wiki('open').addUser('taken', 'Another-river-92y!', 'Somebody Else');
      const failed = await finish(await makeTask('taken', 'open'));
      expect(failed).toMatchObject({
        status: 'final_failed',
        error_message: expect.stringContaining('a user with this login already exists'),
      });
      expect(await wiki('open').canSignIn('taken', 'Another-river-92y!')).toBe(true);
      expect((await wiki('open').users()).filter(({ login }) => login === 'taken')).toEqual([
        { login: 'taken', name: 'Somebody Else', mail: 'taken@brand.test' },
      ]);
      expect(await wiki('open').pageText('user:taken')).toBeUndefined();
    });

    test('an account that the task made before has its profile filled in, and is not made again', async () => {
      await wiki('open').addUser('mine', password);
      expect(await finish(await makeTask('mine', 'open'))).toMatchObject({ status: 'completed' });
      expect((await logins('open')).filter((login) => login === 'mine')).toHaveLength(1);
      expect(await wiki('open').pageText('user:mine')).toContain('We are a sample.');
    });

    test('a wiki that asks for a human ends the task, with no account made', async () => {
      const failed = await finish(await makeTask('machine', 'framed'));
      expect(failed).toMatchObject({
        status: 'final_failed',
        error_message: expect.stringContaining('verify that a human is there'),
      });
      expect(await logins('framed')).toEqual([]);
    });

    test("a password that the wiki refuses ends the task in the wiki's own words", async () => {
      const failed = await finish(await makeTask('weak', 'strict', 'short'));
      expect(failed).toMatchObject({
        status: 'final_failed',
        error_message: expect.stringContaining('it needs 12 characters'),
      });
      expect(await logins('strict')).toEqual([]);
    });
  });

  test.each([
    ['the sign-up, with its mail on the way,', 'create', 'cut_off'],
    ['the change of the mailed password', 'modify', 'cut_later'],
  ] as const)(
    'a worker that dies over %s leaves one account, which another worker finishes',
    async (_, what, username) => {
      const held = await wiki('slow').hold(what);
      const doomed = await stack.startWorker();
      const made = await makeTask(username, 'slow');
      const started = await stack.run('scripts/social.ts', made.id);
      expect(started.code).toBe(0);
      await held.reached;
      await doomed.end('SIGKILL');
      await held.release();
      const next = await stack.startWorker();
      expect(await finish(made)).toMatchObject({ status: 'completed' });
      await next.end('SIGTERM');
      expect((await logins('slow')).filter((login) => login === username)).toHaveLength(1);
      expect(await mail.messages(`${username}@${brandDomain}`)).toHaveLength(1);
      expect(await wiki('slow').canSignIn(username, password)).toBe(true);
      expect(await wiki('slow').countEdits(`user:${username}`)).toBe(1);
    },
  );

  test('the mailed password is found again as long as it is good, and the changed one from then on', async () => {
    const account = task('found', 'open');
    const { proof, mark, session, awaiting } = await signUp(account);
    const seen = await run(steps.lookFor, account);
    expect(seen).toMatchObject({ state: 'unknown', awaiting });
    expect(await run(() => mails.findMail(account, mark, seen.awaiting!))).toEqual(proof);
    expect(await wiki('open').canSignIn('found', proof.value)).toBe(true);

    await run(steps.confirmEmail, account, session, proof);
    expect(await wiki('open').canSignIn('found', proof.value)).toBe(false);
    await run(steps.confirmEmail, account, session, proof);
    expect(await run(steps.lookFor, account)).toMatchObject({ state: 'ours' });
    expect(await wiki('open').canSignIn('found', password)).toBe(true);
  });

  test('a mailed password that is good for nothing is no confirmation', async () => {
    const account = task('elsewhere', 'open');
    await wiki('open').addUser('elsewhere', 'Another-river-92y!');
    const proof: MailProof = { kind: 'code', value: 'mimwopjiu+38' };
    await expect(run(steps.confirmEmail, account, undefined, proof)).rejects.toMatchObject({
      type: 'Rejected',
      message: expect.stringContaining('username or password was wrong'),
    });
  });

  test("the mail's password is read by what the wiki's own language calls it", async () => {
    const account = task('deutsch', 'german');
    const { awaiting, proof, session } = await signUp(account);
    expect(awaiting).toMatchObject({ kind: 'code', after: 'Passwort' });
    await run(steps.confirmEmail, account, session, proof);
    expect(await wiki('german').canSignIn('deutsch', password)).toBe(true);
  });

  test('two accounts may share an address', async () => {
    await wiki('open').addUser('sharing', 'Another-river-92y!', 'Somebody', `step@${brandDomain}`);
    const account = task('shared', 'open');
    const { proof, session } = await signUp(account);
    await run(steps.confirmEmail, account, session, proof);
    expect(await wiki('open').canSignIn('shared', password)).toBe(true);
    expect(await wiki('open').canSignIn('sharing', 'Another-river-92y!')).toBe(true);
  });

  test('a password that the wiki refuses in place of the mailed one is told in its words', async () => {
    const account = task('brief', 'choosy', { password: 'short' });
    const { proof, session } = await signUp(account);
    await expect(run(steps.confirmEmail, account, session, proof)).rejects.toMatchObject({
      type: 'Rejected',
      message: expect.stringContaining('it needs 12 characters'),
    });
    expect(await wiki('choosy').canSignIn('brief', proof.value)).toBe(true);
  });

  test('an account whose mail the wiki could not send is waited for, not called refused', async () => {
    const made = await run(steps.createAccount, task('unsent', 'mailless'));
    expect(made.awaiting).toMatchObject({ kind: 'code', after: 'Password' });
    expect(await logins('mailless')).toEqual(['unsent']);
  });

  test('a question that only a human should answer ends the step, with no account made', async () => {
    await expect(run(steps.createAccount, task('asked', 'asking'))).rejects.toMatchObject({
      type: 'Challenge',
      details: [{ submitted: false }],
    });
    expect(await logins('asking')).toEqual([]);
  });

  test('the forms are as they were kept with the recipe', async () => {
    await wiki('open').addUser('formed', password);
    const checked = await checkForms(stack.env.SITES_FILE!, 'open.wiki.test', {
      username: 'formed',
      email: `formed@${brandDomain}`,
      password,
    });
    expect(checked).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('\nThe forms are as they were kept: signUp, signIn, updateProfile.\n'),
    });
  });

  test('a field that is gone is named, with its step, and nothing is sent', async () => {
    await expect(run(steps.createAccount, task('lost', 'changed'))).rejects.toMatchObject({
      type: 'FormChanged',
      message: expect.stringContaining('[name=email]'),
      details: [{ submitted: false, evidence: expect.stringContaining('createAccount') }],
    });
    expect(await logins('changed')).toEqual([]);
  });

  test('a wiki that is down fails the step before anything is sent', async () => {
    await expect(run(steps.createAccount, task('nobody', 'down'))).rejects.toMatchObject({
      type: 'SiteDown',
      details: [expect.objectContaining({ submitted: false })],
    });
  });

  test('an address that the wiki takes for none is refused in its words', async () => {
    await expect(
      run(steps.createAccount, task('addressless', 'plain', { email: 'some..one@brand.test' })),
    ).rejects.toMatchObject({
      type: 'Rejected',
      message: expect.stringContaining('email address looks invalid'),
    });
    expect(await logins('plain')).not.toContain('addressless');
  });

  test('a wiki that lets nobody join says so', async () => {
    await expect(run(steps.createAccount, task('unwanted', 'closed'))).rejects.toMatchObject({
      type: 'Rejected',
      message: expect.stringContaining('Action disabled: register'),
      details: [expect.objectContaining({ submitted: false })],
    });
  });

  test('a wrong password at sign-in is told as such', async () => {
    await wiki('open').addUser('locked', 'Another-river-92y!');
    await expect(run(steps.signIn, task('locked', 'open'))).rejects.toMatchObject({
      type: 'WrongCredentials',
      message: expect.stringContaining('username or password was wrong'),
    });
  });

  test('a second run leaves the page as it is, and an empty part of the profile what stands there', async () => {
    await wiki('open').addUser('again', password, 'Old Name', 'old@brand.test');
    const whole = {
      first_name: 'Sample',
      last_name: 'B; & C',
      about: '<p>One.</p><p>Two<br>lines.</p>',
      social_connect: ['https://social.example/a'],
    };
    const { session } = await run(steps.updateProfile, task('again', 'open', whole), undefined);
    await run(steps.updateProfile, task('again', 'open', whole), session);
    expect(await wiki('open').countEdits('user:again')).toBe(1);
    expect((await wiki('open').users()).find(({ login }) => login === 'again')).toEqual({
      login: 'again',
      name: 'Sample B  C',
      mail: `step@${brandDomain}`,
    });

    await run(steps.updateProfile, task('again', 'open', { social_connect: ['https://social.example/b'] }), session);
    const text = await wiki('open').pageText('user:again');
    expect(text).toContain('Two</nowiki>\\\\\n<nowiki>lines.');
    expect(text).toMatch(/===== Links =====\n\n {2}\* \[\[https:\/\/social\.example\/b\]\]\s*$/);
    expect((await wiki('open').users()).find(({ login }) => login === 'again')).toMatchObject({ name: 'Sample B  C' });
  });

  test('text stays text, and links lead where they were meant to', async () => {
    await wiki('open').addUser('marked', password);
    const links = [
      "https://a.example/'b'/(c)?d=1&lt;=2",
      'https://e.example/{{f}}/**g**',
      'https://h.example/i]',
      'https://j.example/~~NOTOC~~.',
    ];
    const about =
      '<p>**x** [[Link]] {{rss>x}} ~~NOCACHE~~ &lt;/nowiki&gt;[[Out]] %%y%% :-) https://in.example/</p><p>  * no list</p><p>====== No heading ======</p>';
    const given = {
      first_name: 'Plain',
      about,
      social_connect: [...links, 'javascript:alert(1)'],
      location: '[[Place]]',
    };
    const { problems } = await run(steps.updateProfile, task('marked', 'open', given), undefined);
    expect(problems).toEqual(['Link left out: javascript:alert(1) is no web address']);
    const page = await (await fetch(`${wiki('open').url}/doku.php?id=user:marked`)).text();
    const content = /<!-- wikipage start -->([^]*)<!-- wikipage stop -->/.exec(page)![1]!;
    expect(content).toContain(
      '**x** [[Link]] {{rss&gt;x}} ~~NOCACHE~~ &lt;/nowiki&gt;[[Out]] %%y%% :-) https://in.example/',
    );
    expect(content).toContain('* no list');
    expect(content).toContain('====== No heading ======');
    expect(content).toContain('[[Place]]');
    expect(content.match(/<h\d/g)).toHaveLength(2);
    const account = task('marked', 'open');
    const linked = entityTask.parse({ ...account, entity_connect: links });
    expect(await run(steps.addLinks, linked, undefined)).toMatchObject({ added: 0, kept: links.length, missing: [] });
  });

  test('links are added beside those that are there, with what people wrote behind them', async () => {
    await wiki('open').addUser('linked', password);
    const before = 'Mine.\n\n===== Links =====\n\n  * [[https://social.example/a]]\n\n===== Notes =====\n\nBy hand.\n';
    await wiki('open').writePage('user:linked', before);
    const links = ['https://social.example/a', 'https://social.example/b'];
    const linked = entityTask.parse({ ...task('linked', 'open'), entity_connect: links });
    const { session, ...added } = await run(steps.addLinks, linked, undefined);
    expect(added).toMatchObject({ added: 1, kept: 1, missing: [] });
    expect(await run(steps.addLinks, linked, session)).toMatchObject({ added: 0, kept: 2, missing: [] });
    const text = await wiki('open').pageText('user:linked');
    expect(text!.trim()).toBe(
      before.replace('social.example/a]]', 'social.example/a]]\n  * [[https://social.example/b]]').trim(),
    );
  });

  test('on a wiki without user pages the name is set, and what could not be set is reported', async () => {
    await wiki('pageless').addUser('bare', password);
    const given = { first_name: 'Sample', about: '<p>Text.</p>' };
    await expect(run(steps.updateProfile, task('bare', 'pageless', given), undefined)).rejects.toMatchObject({
      type: 'Rejected',
      message: expect.stringContaining('shows no edit form user:bare'),
    });
    expect((await wiki('pageless').users())[0]).toMatchObject({ name: 'Sample' });
    expect(await wiki('pageless').pageText('user:bare')).toBeUndefined();
  });

  test('a session that the wiki has ended publishes nothing under an IP address', async () => {
    await pool.withContext({}, async (context) => {
      const page = await context.newPage();
      const kit = new Kit({
        page,
        domain: 'plain.wiki.test',
        siteUrl: wiki('plain').url,
        totpSecret: '',
        signal: AbortSignal.timeout(60_000),
        deadline: Infinity,
      });
      const account = { email: '', username: 'forgotten', password, firstName: '', lastName: '', phone: '' };
      const profile = {
        firstName: 'Sample',
        lastName: '',
        website: '',
        address: '',
        location: '',
        about: 'Text.',
        links: [],
      };
      await expect(dokuwiki.updateProfile!(kit, account, profile)).rejects.toMatchObject({ kind: 'SiteDown' });
      await expect(dokuwiki.addLinks!(kit, account, ['https://social.example/a'])).rejects.toMatchObject({
        kind: 'SiteDown',
      });
    });
    expect(await wiki('plain').pageText('user:forgotten')).toBeUndefined();
  });
});
