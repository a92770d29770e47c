import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { AnsweringServer } from '../support/answering-server.ts';
import { BrowserLab, writeForms } from '../support/browser-lab.ts';
import { browserPids } from '../support/processes.ts';

const names = [
  'linked', 'coded', 'plain', 'taken', 'mailtaken', 'mine', 'human', 'erring', 'hanging', 'late', 'frozen', 'slow', 'totp', 'reuse', 'pictured', 'again',
  'unconfirmed', 'usedup', 'evident', 'signinhuman', 'linkfailed', 'handed', 'nothanded',
];
let lab: BrowserLab;

beforeAll(async () => {
  lab = await BrowserLab.start(
    [
      { domain: 'link.practice.test', confirmation: 'link' },
      { domain: 'code.practice.test', confirmation: 'code' },
      { domain: 'none.practice.test', confirmation: 'none' },
      { domain: 'ill.practice.test', confirmation: 'none' },
    ],
    names,
  );
  mkdirSync(oldEvidence(), { recursive: true });
});
afterAll(() => lab.close());

/** The evidence of a step that failed long ago. */
const oldEvidence = () => path.join(lab.evidenceDir, '2026-01-01T00-00-00-000Z-signIn-task-old');
const within = (startToCloseTimeoutMs: number) => new MockActivityEnvironment({ startToCloseTimeoutMs });
const submits = (domain: string, username: string) => lab.site(domain).state().counts.signUpSubmits.filter((submit) => submit.username === username).length;
const accounts = (domain: string, username: string) => lab.site(domain).state().accounts.filter((account) => account.username === username);

describe('making an account', () => {
  test('where a link is mailed, the link confirms it', async () => {
    const task = lab.task('link.practice.test', 'linked');
    const made = await lab.run('createAccount', [task]);
    expect(made).toMatchObject({
      awaiting: { kind: 'link', linkPath: '/confirm', linkHosts: [new URL(lab.site('link.practice.test').url).host] },
      profileUrl: `${lab.site('link.practice.test').url}/u/linked`,
    });
    expect(accounts('link.practice.test', 'linked')).toMatchObject([{ confirmed: false }]);
    await lab.run('confirmEmail', [task, made.session, await lab.readMail('linked', 'link')]);
    expect(accounts('link.practice.test', 'linked')).toMatchObject([{ confirmed: true }]);
    expect(submits('link.practice.test', 'linked')).toBe(1);
  });

  test('where a code is mailed, the code confirms it, without the session of the sign-up too', async () => {
    const task = lab.task('code.practice.test', 'coded');
    const made = await lab.run('createAccount', [task]);
    expect(made.awaiting).toMatchObject({ kind: 'code', codeLength: 6 });
    const proof = await lab.readMail('coded', 'code');
    const refused = await lab.fail('confirmEmail', [task, made.session, { kind: 'code', value: proof.value === '000000' ? '111111' : '000000' }]);
    expect(refused).toMatchObject({ type: 'Rejected', message: expect.stringContaining('wrong') });
    await lab.run('confirmEmail', [task, undefined, proof]);
    expect(accounts('code.practice.test', 'coded')).toMatchObject([{ confirmed: true }]);
  });

  test('where nothing is mailed, it can be used at once', async () => {
    const made = await lab.run('createAccount', [lab.task('none.practice.test', 'plain')]);
    expect(made.awaiting).toBeUndefined();
    expect(JSON.parse(made.session!)).toMatchObject({ cookies: [expect.objectContaining({ name: 'none_practice_test_session' })] });
  });

  test("one that is there and takes the task's credentials is ours, and nothing is sent", async () => {
    const task = lab.task('none.practice.test', 'mine');
    await lab.run('createAccount', [task]);
    const again = await lab.run('createAccount', [task]);
    expect(again.profileUrl).toContain('/u/mine');
    expect(submits('none.practice.test', 'mine')).toBe(1);
    expect(lab.site('none.practice.test').state().counts.repeatedSignUps).toEqual([]);
  });

  test("one that is there and refuses them is another's", async () => {
    await lab.run('createAccount', [lab.task('none.practice.test', 'taken')]);
    const failed = await lab.fail('createAccount', [lab.task('none.practice.test', 'taken', { password: 'Another-pass-1' })]);
    expect(failed).toMatchObject({ type: 'AlreadyExists', submitted: false, message: expect.stringContaining('taken') });
    expect(submits('none.practice.test', 'taken')).toBe(1);
  });

  test("an e-mail address that the site knows already is another's", async () => {
    lab.site('none.practice.test').setBehaviour({ emailTaken: true }, 'mailtaken');
    const failed = await lab.fail('createAccount', [lab.task('none.practice.test', 'mailtaken')]);
    expect(failed).toMatchObject({ type: 'AlreadyExists', submitted: false, message: expect.stringMatching(/^This email is already registered\. \(signing in to it: .+\)$/) });
    expect(submits('none.practice.test', 'mailtaken')).toBe(0);
  });

  test('a link that was used up counts when the account can be signed in to', async () => {
    const task = lab.task('link.practice.test', 'usedup');
    const made = await lab.run('createAccount', [task]);
    const proof = await lab.readMail('usedup', 'link');
    await fetch(proof.value);
    expect(await lab.run('confirmEmail', [task, made.session, proof])).toMatchObject({ profileUrl: expect.stringContaining('/u/usedup') });
  });
});

describe('looking for an account', () => {
  test('tells ours, unconfirmed, taken and absent apart', async () => {
    const task = lab.task('link.practice.test', 'unconfirmed');
    expect(await lab.run('lookFor', [task])).toMatchObject({ state: 'absent' });
    const made = await lab.run('createAccount', [task]);
    expect(made.found).toBeUndefined();
    expect(await lab.run('lookFor', [task])).toMatchObject({ state: 'unconfirmed', awaiting: { kind: 'link' } });
    // Its mail came before.
    expect(await lab.run('createAccount', [task])).toMatchObject({ found: true, awaiting: made.awaiting });
    await lab.run('confirmEmail', [task, made.session, await lab.readMail('unconfirmed', 'link')]);
    expect(await lab.run('lookFor', [task])).toMatchObject({ state: 'ours' });
    expect(await lab.run('lookFor', [{ ...task, password: 'Another-pass-1' }])).toMatchObject({ state: 'taken' });
  });
});

describe('a site in trouble', () => {
  const domain = 'ill.practice.test';

  test('that asks for a human ends the attempt, the form having been sent', async () => {
    lab.site(domain).setBehaviour({ humanCheck: true }, 'human');
    const failed = await lab.fail('createAccount', [lab.task(domain, 'human')]);
    expect(failed).toMatchObject({ type: 'Challenge', submitted: true });
    expect(accounts(domain, 'human')).toEqual([]);
    expect(submits(domain, 'human')).toBe(1);
  });

  test('that asks for a human at sign-in ends the look', async () => {
    lab.site(domain).setBehaviour({ humanCheck: 'signin' }, 'signinhuman');
    expect(await lab.fail('lookFor', [lab.task(domain, 'signinhuman')])).toMatchObject({ type: 'Challenge', submitted: false });
  });

  test('says how long a person is waited for, and on which page, where the operator wants that', async () => {
    const { url } = lab.site(domain);
    const handed = { domain: 'handed.practice.test', recipe: 'practice-social', url, permission: 'a test of our own', waitForPerson: '4h' };
    const unknown = { ...handed, domain: 'unknown.practice.test', url: `${url}/u` };
    lab.listSites(handed, unknown);
    lab.site(domain).setBehaviour({ humanCheck: 'both' }, 'handed');
    const wanted = { waitForPersonMs: 4 * 3_600_000 };
    expect(await lab.fail('createAccount', [lab.task(handed.domain, 'handed')])).toMatchObject({ ...wanted, type: 'Challenge', page: '/signup/details' });
    expect(await lab.fail('signIn', [lab.task(unknown.domain, 'handed')])).toMatchObject({ ...wanted, type: 'FormChanged', page: '/u/signin' });
    expect(await lab.fail('signIn', [lab.task(handed.domain, 'nothanded')])).toMatchObject({ type: 'WrongCredentials', waitForPersonMs: undefined });
    expect(await lab.fail('createAccount', [lab.task(domain, 'handed')])).toMatchObject({ type: 'Challenge', waitForPersonMs: undefined });
  });

  test.each([
    [{ down: { retryAfter: 120 } }, '503', 120_000],
    [{ tooMany: { retryAfter: 7 } }, '429', 7_000],
    [{ down: true }, '503', undefined],
  ])('that answers %j is down, and is given the time it asks for', async (behaviour, status, delay) => {
    lab.site(domain).setBehaviour(behaviour, 'ailing');
    const failed = await lab.fail('createAccount', [lab.task(domain, 'ailing')]);
    expect(failed).toMatchObject({ type: 'SiteDown', submitted: false, message: `${domain} answers ${status} on /u/ailing` });
    expect(failed.retryAfterMs).toBe(delay);
  });

  test('that is not there at all is down', async () => {
    lab.listSites({ domain: 'gone.practice.test', recipe: 'practice-social', url: 'http://127.0.0.1:1', permission: 'a test of our own' });
    const failed = await lab.fail('createAccount', [lab.task('gone.practice.test', 'nobody')]);
    expect(failed).toMatchObject({ type: 'SiteDown', submitted: false });
  });

  test('that makes the account and answers 500 leaves it open whether it did', async () => {
    lab.site(domain).setBehaviour({ errorAfterCreate: true }, 'erring');
    const task = lab.task(domain, 'erring');
    expect(await lab.fail('createAccount', [task])).toMatchObject({ type: 'SiteDown', submitted: true });
    expect(await lab.run('lookFor', [task])).toMatchObject({ state: 'ours' });
  });

  test('that takes its time over the form is waited for', async () => {
    lab.site(domain).setBehaviour({ delayBeforeCreate: 3_500 }, 'slow');
    expect(await lab.run('createAccount', [lab.task(domain, 'slow')])).toMatchObject({ profileUrl: expect.stringContaining('/u/slow') });
  });

  test("that never answers the form runs into the step's deadline, and its context is closed", async () => {
    lab.site(domain).setBehaviour({ hangAfterCreate: true }, 'hanging');
    const failed = await lab.fail('createAccount', [lab.task(domain, 'hanging')], within(8_000));
    expect(failed).toMatchObject({ type: 'StepTimeout', submitted: true });
    await expect.poll(() => lab.openContexts()).toBe(0);
    expect(readdirSync(path.join(lab.evidenceDir, failed.evidence!))).toEqual(['step.json']);
    expect(lab.readEvidence(failed.evidence!)).toContain("submit getByRole('button', { name: 'Create account' })");
    expect(accounts(domain, 'hanging')).toHaveLength(1);
  });
});

describe('the deadline', () => {
  test('that comes too near before the click lets nothing be sent', async () => {
    // A quarter of the time is kept for putting away, and a click may take 2 s: none fits.
    const failed = await lab.fail('createAccount', [lab.task('none.practice.test', 'late')], within(2_600));
    expect(failed).toMatchObject({ type: 'StepTimeout', submitted: false });
    expect(submits('none.practice.test', 'late')).toBe(0);
  });

  test('that passes while the worker is frozen lets nothing be sent when it thaws', async () => {
    lab.site('none.practice.test').setBehaviour({ slow: 300 }, 'frozen');
    const failing = lab.fail('createAccount', [lab.task('none.practice.test', 'frozen')], within(6_000));
    const pages = lab.site('none.practice.test').state().counts.signUpPages;
    await expect.poll(() => lab.site('none.practice.test').state().counts.signUpPages, { interval: 20, timeout: 6_000 }).toBeGreaterThan(pages);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000);
    expect(await failing).toMatchObject({ type: 'StepTimeout', submitted: false });
    expect(submits('none.practice.test', 'frozen')).toBe(0);
  });
});

describe('signing in and furnishing the profile', () => {
  test("answers the site's own prompt for a code, and says so when the task has no secret", async () => {
    const secret = 'JBSWY3DPEHPK3PXP';
    const task = lab.task('none.practice.test', 'totp', { twofa: 'jbsw y3dp ehpk 3pxp' });
    await lab.run('createAccount', [task]);
    lab.site('none.practice.test').setTotp('totp', secret);
    expect(await lab.run('updateProfile', [task, undefined])).toMatchObject({ problems: [] });
    expect(accounts('none.practice.test', 'totp')).toMatchObject([{ location: 'Huế' }]);
    const failed = await lab.fail('updateProfile', [{ ...task, twofa: '' }, undefined]);
    expect(failed).toMatchObject({ type: 'WrongCredentials', message: expect.stringContaining('the task has no secret') });
  });

  test('goes on with the session of the step before, without signing in again', async () => {
    const task = lab.task('none.practice.test', 'reuse');
    const { session } = await lab.run('createAccount', [task]);
    const before = lab.site('none.practice.test').state().counts.signIns;
    const furnished = await lab.run('updateProfile', [task, session]);
    expect(furnished).toMatchObject({ problems: [], profileUrl: expect.stringContaining('/u/reuse') });
    expect(lab.site('none.practice.test').state().counts.signIns).toBe(before);
    await lab.run('updateProfile', [task, undefined]);
    expect(lab.site('none.practice.test').state().counts.signIns).toBe(before + 1);
  });

  test('a picture that the site refuses is told, and the rest is saved', async () => {
    const task = lab.task('none.practice.test', 'pictured', { avatar_url: lab.picture('avatar', 'a'), cover_url: lab.picture('cover', 'a') });
    const { session } = await lab.run('createAccount', [task]);
    lab.site('none.practice.test').setBehaviour({ avatarRefused: true }, 'pictured');
    const { problems } = await lab.run('updateProfile', [task, session]);
    expect(problems).toEqual(['Avatar refused: it breaks our rules.']);
    const [account] = accounts('none.practice.test', 'pictured');
    expect(account).toMatchObject({ location: 'Huế', about: '<p>We are <b>a sample</b>.</p>', links: ['https://social.example/@sample'] });
    expect(account!.cover).toBeDefined();
    expect(account!.avatar).toBeUndefined();
  });

  test('a picture that can never be had is told without a try at the site, one that may come back is waited for', async () => {
    const task = lab.task('none.practice.test', 'pictured', { avatar_url: 'http://10.0.0.1/a.png' });
    expect((await lab.run('updateProfile', [task, undefined])).problems).toEqual([expect.stringMatching(/^avatar: /)]);
    const passing = { ...task, avatar_url: 'http://127.0.0.1:1/a.png' };
    expect(await lab.fail('updateProfile', [passing, undefined])).toMatchObject({ type: 'AssetUnavailable' });
    const third = new MockActivityEnvironment({ startToCloseTimeoutMs: 60_000, attempt: 3 });
    expect((await lab.run('updateProfile', [passing, undefined], third)).problems).toEqual([expect.stringMatching(/^avatar: /)]);
  });

  test('a second time changes nothing', async () => {
    const task = lab.task('none.practice.test', 'again', { avatar_url: lab.picture('avatar', 'b'), cover_url: lab.picture('cover', 'b') });
    const { session } = await lab.run('createAccount', [task]);
    const shown = async () => {
      const { avatar, cover, ...account } = accounts('none.practice.test', 'again')[0]!;
      const bytes = (url?: string) => (url ? fetch(url).then((response) => response.arrayBuffer()) : undefined);
      return { ...account, avatar: await bytes(avatar), cover: await bytes(cover) };
    };
    const first = await lab.run('updateProfile', [task, session]);
    const before = await shown();
    expect(before.avatar!.byteLength).toBeGreaterThan(100);
    await lab.run('updateProfile', [task, first.session]);
    expect(await shown()).toEqual(before);
  });
});

describe('the end of a step', () => {
  test('a cancellation reaches a page under way in under 2 s and closes it', async () => {
    lab.site('none.practice.test').setBehaviour({ slow: 20_000 }, 'cancelled');
    const environment = within(60_000);
    const beats: unknown[] = [];
    environment.on('heartbeat', (beat) => beats.push(beat));
    const failing = lab.fail('createAccount', [lab.task('none.practice.test', 'cancelled')], environment);
    await expect.poll(() => lab.openContexts()).toBe(1);
    expect(beats.length).toBeGreaterThan(0);
    const begun = performance.now();
    environment.cancel();
    expect(await failing).toMatchObject({ name: 'CancelledFailure', submitted: false });
    expect(performance.now() - begun).toBeLessThan(2_000);
    await expect.poll(() => lab.openContexts()).toBe(0);
  });

  test('a browser that crashes takes only the steps in it, and the next step has a new one', async () => {
    lab.site('none.practice.test').setBehaviour({ slow: 20_000 }, 'crashed');
    const failing = lab.fail('createAccount', [lab.task('none.practice.test', 'crashed')]);
    await expect.poll(() => lab.openContexts()).toBe(1);
    const pids = browserPids();
    expect(pids).toHaveLength(1);
    process.kill(pids[0]!, 'SIGKILL');
    expect(await failing).toMatchObject({ type: 'BrowserLost', submitted: false });
    expect(await lab.run('lookFor', [lab.task('none.practice.test', 'nobody-yet')])).toMatchObject({ state: 'absent' });
    expect(browserPids()).toHaveLength(1);
  });

  test('a page that hangs costs only its own step, which ends in time, and the browser stays', async () => {
    const hung = await AnsweringServer.start();
    onTestFinished(() => hung.close());
    hung.answer = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Busy</h1><script>for (;;);</script>');
    lab.listSites({ domain: 'hung.practice.test', recipe: 'practice-social', url: hung.url, permission: 'a test of our own' });
    await lab.run('lookFor', [lab.task('none.practice.test', 'nobody-yet')]);
    const before = lab.launched.length;
    const failing = lab.fail('createAccount', [lab.task('hung.practice.test', 'hung')], within(8_000));
    await expect.poll(() => hung.taken.length).toBeGreaterThan(0);
    expect(await lab.run('lookFor', [lab.task('none.practice.test', 'nobody-yet')])).toMatchObject({ state: 'absent' });
    expect(await failing).toMatchObject({ type: 'StepTimeout', submitted: false });
    await expect.poll(() => lab.openContexts(), { timeout: 5_000 }).toBe(0);
    expect(await lab.run('lookFor', [lab.task('none.practice.test', 'nobody-yet')])).toMatchObject({ state: 'absent' });
    expect(lab.launched).toHaveLength(before);
  });

  test('a tab that crashes costs only its own step, at once, and the browser stays', async () => {
    const changed = await AnsweringServer.start();
    onTestFinished(() => changed.close());
    changed.answer = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign up</h1>');
    lab.listSites({ domain: 'tabless.practice.test', recipe: 'practice-social', url: changed.url, permission: 'a test of our own' });
    await lab.run('lookFor', [lab.task('none.practice.test', 'nobody-yet')]);
    const before = lab.launched.length;
    const failing = lab.fail('lookFor', [lab.task('tabless.practice.test', 'tabless')]);
    const pages = () => lab.launched.flatMap(({ browser }) => browser.contexts().flatMap((context) => context.pages()));
    await expect.poll(() => pages()[0]?.getByRole('heading', { name: 'Sign up' }).isVisible()).toBe(true);
    // It waits for a field that never comes.
    const devtools = await pages()[0]!.context().newCDPSession(pages()[0]!);
    const begun = performance.now();
    devtools.send('Page.crash').catch(() => {});
    expect(await failing).toMatchObject({ type: 'BrowserLost', submitted: false });
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(await lab.run('lookFor', [lab.task('none.practice.test', 'nobody-yet')])).toMatchObject({ state: 'absent' });
    expect(lab.launched).toHaveLength(before);
  });
});

describe('evidence', () => {
  const secrets = { password: `Pl"nt&d'Pass <1>`, pass_mail: 'planted/mail+pass', twofa: 'JBSWY3DPEHPK3PXQ', app_password: 'qwer tyui opas dfgh' };

  test('names the page and the step, masks every field, and holds no secret in any form', async () => {
    const domain = 'code.practice.test';
    const task = lab.task(domain, 'evident', secrets);
    const made = await lab.run('createAccount', [task]);
    const proof = await lab.readMail('evident', 'code');
    const wrong = { kind: 'code' as const, value: proof.value === '918273' ? '918274' : '918273' };
    const failed = await lab.fail('confirmEmail', [task, made.session, wrong]);
    const kept = lab.readEvidence(failed.evidence!);
    expect(kept).toContain('This code is wrong.');
    expect(JSON.parse(kept.slice(kept.indexOf('{\n  "taskId"'), kept.lastIndexOf('}') + 1))).toMatchObject({
      taskId: task.id,
      step: 'confirmEmail',
      address: `${lab.site(domain).url}/signin`,
      error: expect.stringContaining('This code is wrong.') as string,
      journal: expect.arrayContaining([{ at: expect.any(Number) as number, did: 'open /confirm' }]) as object[],
    });
    const cookie = (JSON.parse(made.session!) as { cookies: { value: string }[] }).cookies[0]!.value;
    for (const secret of [...Object.values(secrets), 'qwertyuiopasdfgh', cookie, wrong.value]) {
      for (const form of writeForms(secret)) expect(kept).not.toContain(form);
    }

    const { data, info } = await sharp(path.join(lab.evidenceDir, failed.evidence!, 'page.png')).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    let masked = 0;
    for (let at = 0; at < data.length; at += info.channels) if (data[at] === 255 && data[at + 1] === 0 && data[at + 2] === 255) masked += 1;
    expect(masked).toBeGreaterThan(2_000);
  });

  test('of a page that shows the password itself masks it there too', async () => {
    const shown = lab.task('none.practice.test', 'evident', { ...secrets, password: 'short1x' });
    const failed = await lab.fail('createAccount', [shown]);
    expect(failed.type).toBe('Rejected');
    expect(lab.readEvidence(failed.evidence!)).not.toContain('short1x');
  });

  test('is kept at the cost of what is too old', async () => {
    await lab.fail('createAccount', [lab.task('none.practice.test', 'evident', { password: 'short' })]);
    await expect.poll(() => existsSync(oldEvidence())).toBe(false);
  });

  test('is kept for its owner alone', async () => {
    const { evidence } = await lab.fail('createAccount', [lab.task('none.practice.test', 'evident', { password: 'short' })]);
    const folder = path.join(lab.evidenceDir, evidence!);
    expect(statSync(folder).mode & 0o077).toBe(0);
    for (const file of readdirSync(folder)) expect(statSync(path.join(folder, file)).mode & 0o077).toBe(0);
  });

  test('of a mailed link that fails does not hold the link', async () => {
    const domain = 'link.practice.test';
    const task = lab.task(domain, 'linkfailed');
    const made = await lab.run('createAccount', [task]);
    const value = `${lab.site(domain).url}/confirm?token=planted-token-never-given-out`;
    const failed = await lab.fail('confirmEmail', [task, made.session, { kind: 'link', value }]);
    expect(failed).toMatchObject({ type: 'Rejected', message: 'This link is no longer valid' });
    expect(lab.readEvidence(failed.evidence!)).toContain('This link is no longer valid');
    expect(lab.readEvidence(failed.evidence!) + failed.message).not.toContain('planted-token');
  });
});
