import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { type BrowserActivities, createBrowserActivities } from '../../../activities/browser.ts';
import { findBrowser } from '../../../config/find-browser.mjs';
import { Sites } from '../../../config/sites-file.ts';
import { entityTask } from '../../../contracts/entity.ts';
import { type SocialTask, socialTask } from '../../../contracts/social.ts';
import { BrowserPool } from '../../../services/browser/browser-pool.ts';
import { checkForms } from '../../support/check-forms.ts';
import { type Enlist, mailPassword, socialRequest, startEnlist, type WorkerProcess } from '../../support/enlist.ts';
import { type MailHost, mailHostMissing, startMailHost } from '../../support/mail-host.ts';
import { sendmailMissing } from '../../support/sendmail.ts';
import { startWordPress, type WordPress, wordPressMissing } from '../../support/wordpress.ts';
import * as plugins from '../../support/wordpress/plugins.ts';

const password = 'Quiet-river-91x!';
const another = 'Another-river-92y!';
const domain = 'blog.test';
const guarded = ['words', 'frame'];
const names = ['first_brand', 'taken', 'mine', 'second', 'weak', 'cut-off', 'between', 'unanswered', ...guarded];
const missing = [wordPressMissing(), mailHostMissing(), sendmailMissing()].filter(Boolean).join(', ');

describe.skipIf(missing)(`the WordPress recipe${missing ? ` (left out: needs ${missing})` : ''}`, () => {
  let mail: MailHost;
  let blog: WordPress;
  let stack: Enlist;
  let worker: WorkerProcess;
  let pool: BrowserPool;
  let steps: BrowserActivities;

  beforeAll(async () => {
    mail = await startMailHost(
      names.map((name) => ({ address: `${name}@brands.test`, password: mailPassword.replaceAll(' ', '') })),
    );
    blog = await startWordPress({ smtp: mail.smtp });
    const site = { recipe: 'wordpress', permission: 'a test of our own', every: '0s' };
    const otherSites = [
      // Its mails come from an address of this domain.
      { ...site, domain, url: blog.url },
      { ...site, domain: 'down.blog.test', url: 'http://127.0.0.1:1' },
      // A site that asked for a human is left alone for a while.
      ...guarded.map((name) => ({ ...site, domain: `${name}.blog.test`, url: blog.url })),
    ];
    stack = await startEnlist({ otherSites });
    const file = stack.env.SITES_FILE!;
    const settings = parse(readFileSync(file, 'utf8')) as { mail: object };
    writeFileSync(file, stringify({ ...settings, mail: { 'brands.test': mail.imap } }));
    pool = new BrowserPool(findBrowser()!);
    steps = createBrowserActivities({
      pool,
      sites: new Sites(file),
      evidenceDir: path.join(stack.folder, 'evidence'),
      assetsAllow: [],
    });
    worker = await stack.startWorker();
  });
  afterAll(async () => {
    await pool?.close();
    await stack?.close();
    await blog?.close();
    await mail?.close();
  });

  /** Makes a request of one account, follows it to its end, and gives what the manager then knows. */
  async function finish(username: string, chosen = password, at = domain) {
    const request = socialRequest(stack, username, [at]);
    Object.assign(request.accounts[0]!, { email: `${username}@brands.test`, password: chosen });
    const requestId = await stack.admin.makeRequest(request);
    const { id } = (await stack.admin.readRequest(requestId)).tasks[0]!;
    const { stdout } = await stack.run('scripts/social.ts', id, '--wait');
    const [task] = (await stack.admin.readRequest(requestId)).tasks;
    return { ...task!, end: JSON.parse(stdout.trim().split('\n').at(-1)!) as { outcome: string } };
  }

  function task(username: string, more: Partial<SocialTask> = {}): SocialTask {
    return socialTask.parse({
      id: username,
      request_id: 'request',
      domain,
      username,
      password,
      email: `${username}@brands.test`,
      ...more,
    });
  }

  /** Runs one step as a worker does. */
  const run = <Given extends unknown[], Result>(
    step: (...given: Given) => Promise<Result>,
    ...given: Given
  ): Promise<Result> => new MockActivityEnvironment({ startToCloseTimeoutMs: 60_000 }).run(step, ...given);

  /** Kills the worker as soon as the site has done something and holds back its answer, and goes on with another worker. */
  async function killWhen(happened: () => Promise<boolean>, plugin: string, work: () => ReturnType<typeof finish>) {
    const { end } = await blog.withPlugin(plugin, async () => {
      const end = work();
      await vi.waitUntil(happened, { timeout: 60_000, interval: 200 });
      await worker.end('SIGKILL');
      return { end };
    });
    worker = await stack.startWorker();
    return end;
  }

  test('a task becomes one account, with its own password and the profile as wanted, and is completed', async () => {
    const done = await finish('first_brand');
    expect(done).toMatchObject({ status: 'completed', end: { outcome: 'completed' } });
    expect((await blog.userNames()).filter((name) => name === 'first_brand')).toHaveLength(1);
    expect(await blog.canSignIn('first_brand', password)).toBe(true);
    expect(await blog.user('first_brand')).toEqual({
      email: 'first_brand@brands.test',
      firstName: 'Sample',
      lastName: 'Brand',
      displayName: 'Sample Brand',
      website: 'https://first_brand.example',
      about:
        'We are <b>a sample</b>.\n\nHuế\n\n<a href="https://social.example/@first_brand">https://social.example/@first_brand</a>',
      roles: ['subscriber'],
    });
    expect((await fetch(done.link_profile)).status).toBe(200);
    expect(await mail.messages('first_brand@brands.test')).toMatchObject([{ from: blog.mailFrom }]);
  });

  test("a name that is somebody else's ends the task and touches nothing of theirs", async () => {
    await blog.addUser('taken', another);
    const before = await blog.user('taken');
    expect(await finish('taken')).toMatchObject({
      status: 'final_failed',
      error_message: expect.stringContaining('the name taken is taken'),
    });
    expect(await blog.canSignIn('taken', another)).toBe(true);
    expect(await blog.user('taken')).toEqual(before);
    expect(await mail.messages('taken@brands.test')).toEqual([]);
  });

  test('an account that the task made before has its profile filled in, and is not made again', async () => {
    await blog.addUser('mine', password);
    expect(await finish('mine')).toMatchObject({ status: 'completed', error_message: null });
    expect(await blog.user('mine')).toMatchObject({
      displayName: 'Sample Brand',
      about: expect.stringContaining('a sample'),
    });
    expect(await mail.messages('mine@brands.test')).toEqual([]);
  });

  test("an e-mail address that is somebody else's ends the task in the site's own words", async () => {
    await blog.addUser('someone', another, { email: 'second@brands.test' });
    expect(await finish('second')).toMatchObject({
      status: 'final_failed',
      error_message: expect.stringContaining('email address is already registered'),
    });
    expect(await blog.user('second')).toBeUndefined();
    expect(await blog.canSignIn('someone', another)).toBe(true);
  });

  test('a password that the site calls weak is not set', async () => {
    const failed = await finish('weak', '1234567890');
    expect(failed.error_message).toMatch(/^unconfirmed: .* calls the password "Very weak"/);
    expect(failed.status).toBe('final_failed');
    expect(await blog.canSignIn('weak', '1234567890')).toBe(false);
  });

  test.each([
    ['in its words', plugins.humanWords, 'words'],
    ['in a frame', plugins.humanFrame, 'frame'],
  ])('a site that asks for a human %s ends the task, with no account made', async (_, plugin, name) => {
    const failed = await blog.withPlugin(plugin, () => finish(name, password, `${name}.blog.test`));
    expect(failed).toMatchObject({ status: 'final_failed', end: { failure: 'Challenge' } });
    expect(await blog.user(name)).toBeUndefined();
  });

  test('a site that asks for a human only when the form was sent is told as such', async () => {
    await blog.withPlugin(plugins.humanAnswer, async () => {
      await expect(run(steps.createAccount, task('answer'))).rejects.toMatchObject({
        type: 'Challenge',
        details: [expect.objectContaining({ submitted: true })],
      });
    });
    expect(await blog.user('answer')).toBeUndefined();
  });

  describe('a worker that is killed', () => {
    test('after the form was sent and before its answer leaves one account, which the next one finishes', async () => {
      const made = async () => (await blog.user('cut-off')) !== undefined;
      const done = await killWhen(made, plugins.holdAfter('register_new_user'), () => finish('cut-off'));
      expect(done).toMatchObject({ status: 'completed', error_message: null });
      expect(await blog.canSignIn('cut-off', password)).toBe(true);
      expect(await mail.messages('cut-off@brands.test')).toHaveLength(1);
    }, 180_000);

    test('between the mail and the password leaves one account, which the next one finishes', async () => {
      const asked = async () => (await blog.option('held')) === 'login_form_rp';
      const done = await killWhen(asked, plugins.holdAfter('login_form_rp'), () => finish('between'));
      expect(done).toMatchObject({ status: 'completed', error_message: null });
      expect(await blog.canSignIn('between', password)).toBe(true);
      expect(await mail.messages('between@brands.test')).toHaveLength(1);
    }, 180_000);

    test('once the password is set and before its answer counts the link that was used up', async () => {
      const set = () => blog.canSignIn('unanswered', password);
      const done = await killWhen(set, plugins.holdAfter('after_password_reset'), () => finish('unanswered'));
      expect(done).toMatchObject({ status: 'completed', error_message: null });
      expect((await blog.userNames()).filter((name) => name === 'unanswered')).toHaveLength(1);
    }, 180_000);
  });

  test('an account whose mail is not answered yet refuses its password, and names the mail that tells whose it is', async () => {
    const { awaiting } = await run(steps.createAccount, task('waiting'));
    expect(awaiting).toMatchObject({ kind: 'link', linkQuery: { action: 'rp', login: 'waiting' } });
    expect(await run(steps.lookFor, task('waiting'))).toMatchObject({ state: 'taken', awaiting });
    const link = {
      kind: 'link' as const,
      value: `${blog.url}/wp-login.php?action=rp&key=${'0'.repeat(20)}&login=waiting`,
    };
    await expect(run(steps.confirmEmail, task('waiting'), undefined, link)).rejects.toMatchObject({
      type: 'Rejected',
      message: expect.stringContaining('password reset link appears to be invalid'),
    });
  });

  test('a wrong password at sign-in is told in the words of the site', async () => {
    await blog.addUser('locked', password);
    await expect(run(steps.signIn, task('locked', { password: another }))).rejects.toMatchObject({
      type: 'WrongCredentials',
      message: expect.stringContaining('The password you entered for the username locked is incorrect'),
    });
  });

  test('a site that looks at no password for a while is waited for', async () => {
    await blog.addUser('hasty', password);
    await blog.withPlugin(plugins.tooManyAttempts, async () => {
      await expect(run(steps.signIn, task('hasty'))).rejects.toMatchObject({
        type: 'SiteDown',
        message: expect.stringContaining('Too many'),
      });
    });
  });

  test('a site that is down fails the step before anything is sent', async () => {
    await expect(run(steps.createAccount, task('nobody', { domain: 'down.blog.test' }))).rejects.toMatchObject({
      type: 'SiteDown',
      details: [expect.objectContaining({ submitted: false })],
    });
  });

  test('a site where nobody may join says so', async () => {
    await blog.setOption('users_can_register', '0');
    try {
      await expect(run(steps.createAccount, task('late'))).rejects.toMatchObject({
        type: 'Rejected',
        message: expect.stringContaining('registration is currently not allowed'),
        details: [expect.objectContaining({ submitted: false })],
      });
      expect(await run(steps.lookFor, task('late'))).toMatchObject({ state: 'unknown' });
    } finally {
      await blog.setOption('users_can_register', '1');
    }
  });

  test('a name that can be none is refused in the words of the site', async () => {
    await expect(run(steps.createAccount, task('a|b'))).rejects.toMatchObject({
      type: 'Rejected',
      message: expect.stringContaining('illegal characters'),
    });
  });

  test('the forms are as they were kept with the recipe', async () => {
    await blog.addUser('formed', password);
    const checked = await checkForms(stack.env.SITES_FILE!, domain, {
      username: 'formed',
      email: 'formed@brands.test',
      password,
    });
    expect(checked).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('\nThe forms are as they were kept: signUp, signIn, updateProfile.\n'),
    });
  });

  test('a changed form fails the step, which names the field', async () => {
    await blog.withPlugin(plugins.renameField('user_email'), async () => {
      await expect(run(steps.createAccount, task('changed'))).rejects.toMatchObject({
        type: 'FormChanged',
        message: expect.stringMatching(/could not fill .*#user_email.* on the page \/wp-login\.php/),
        details: [expect.objectContaining({ submitted: false, evidence: expect.stringContaining('-createAccount-') })],
      });
    });
    await blog.addUser('changed', password);
    await blog.withPlugin(plugins.renameField('first_name'), async () => {
      await expect(
        run(steps.updateProfile, task('changed', { first_name: 'Sample' }), undefined),
      ).rejects.toMatchObject({
        type: 'FormChanged',
        message: expect.stringMatching(/could not read .*#first_name.* on the page \/wp-admin\/profile\.php/),
        details: [expect.objectContaining({ evidence: expect.stringContaining('-updateProfile-') })],
      });
    });
  });

  test('a second run saves nothing, and an empty part of the profile leaves what stands there', async () => {
    await blog.addUser('again', password);
    const whole = {
      first_name: 'Sample',
      last_name: 'Brand & Söhne',
      website: 'https://again.example',
      about: '<p>One &amp; "two".</p><p>Cafe\u0301 &lt;3</p>',
      social_connect: ['https://social.example/a'],
    };
    await blog.withPlugin(plugins.countUpdates, async () => {
      const { session, problems } = await run(steps.updateProfile, task('again', whole), undefined);
      expect(problems).toEqual([]);
      await run(steps.updateProfile, task('again', whole), session);
      expect(await blog.option('updates')).toBe('1');
      await run(steps.updateProfile, task('again', { social_connect: ['https://social.example/b'] }), session);
      expect(await blog.option('updates')).toBe('2');
    });
    const user = (await blog.user('again'))!;
    // WordPress keeps names as HTML.
    expect(user).toMatchObject({ displayName: 'Sample Brand &amp; Söhne', website: 'https://again.example' });
    expect(user.about).toBe(
      'One &amp; "two".\nCafe\u0301 &lt;3\n\n<a href="https://social.example/b">https://social.example/b</a>',
    );
  });

  test('links are added beside those that are there, once, and lead where they were meant to', async () => {
    await blog.addUser('linked', password);
    const links = [
      'https://a.example/?x=1&y=2&copy=3',
      "https://b.example/'q'/(d).",
      'https://c.example/"e"/<f>',
      'https://d.example/~g#h',
      'https://e.example/ä',
    ];
    const { session } = await run(
      steps.updateProfile,
      task('linked', { about: 'Mine.', social_connect: links.slice(0, 1) }),
      undefined,
    );
    const linked = entityTask.parse({ ...task('linked'), entity_connect: links });
    expect(await run(steps.addLinks, linked, session)).toMatchObject({ added: 4, kept: 1, missing: [] });
    const { about } = (await blog.user('linked'))!;
    expect(await run(steps.addLinks, linked, session)).toMatchObject({ added: 0, kept: 5, missing: [] });
    expect((await blog.user('linked'))!.about).toBe(about);
    expect(about).toMatch(/^Mine\.\n\n/);
  });

  test('what is no address of the web is left out, and text is no markup', async () => {
    await blog.addUser('plain', password);
    const about = '<p>5 &lt; 6 <script>alert(1)</script><i>&lt;b&gt;</i></p><ul><li>one</li></ul>';
    const { problems } = await run(
      steps.updateProfile,
      task('plain', { about, location: '<b>Huế</b>', social_connect: ['javascript:alert(1)'] }),
      undefined,
    );
    expect(problems).toEqual(['Link left out: javascript:alert(1) is no web address']);
    expect((await blog.user('plain'))!.about).toBe('5 &lt; 6 <i>&lt;b&gt;</i>\none\n\n&lt;b&gt;Huế&lt;/b&gt;');
  });

  test('the page of an author shows the biography with its links where the theme does, to those who published something', async () => {
    await blog.addUser('writer', password, { role: 'author' });
    const { profileUrl } = await run(
      steps.updateProfile,
      task('writer', { about: 'We write.', social_connect: ['https://social.example/writer'] }),
      undefined,
    );
    const read = async () => (await fetch(profileUrl)).text();
    expect(await read()).not.toContain('We write.');
    await blog.publish('writer', 'News');
    expect(await read()).toContain('We write.');
    expect(await read()).toContain('href="https://social.example/writer"');
    await blog.setTheme('twentytwentythree');
    try {
      expect(await read()).toContain('News');
      expect(await read()).not.toContain('We write.');
    } finally {
      await blog.setTheme('twentytwentyone');
    }
  });

  test('whether an account exists is seen without signing in, with any permalinks and without author pages', async () => {
    await blog.addUser('seen here', another);
    const look = async () =>
      [await run(steps.lookFor, task('seen here')), await run(steps.lookFor, task('unseen'))].map(({ state }) => state);
    expect(await look()).toEqual(['taken', 'absent']);
    await blog.withPlugin(plugins.noAuthorPages, async () => expect(await look()).toEqual(['taken', 'absent']));
    await blog.setOption('permalink_structure', '/%postname%/');
    try {
      expect(await look()).toEqual(['taken', 'absent']);
    } finally {
      await blog.setOption('permalink_structure', '');
    }
    expect(await blog.user('unseen')).toBeUndefined();
  });

  test('a site in another language is understood all the same', async () => {
    await blog.addUser('fremd', another);
    await blog.withPlugin(plugins.otherLanguage, async () => {
      expect(await (await fetch(`${blog.url}/wp-login.php?action=register`)).text()).toContain('Benutzername');
      await expect(run(steps.createAccount, task('fremd', { email: 'fremd@elsewhere.test' }))).rejects.toMatchObject({
        type: 'AlreadyExists',
      });
      const { awaiting } = await run(steps.createAccount, task('neu'));
      expect(awaiting).toMatchObject({ kind: 'link' });
    });
  });
});
