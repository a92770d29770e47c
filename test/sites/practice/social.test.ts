import { readdirSync } from 'node:fs';
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BrowserAndSites, startBrowserAndSites } from '../../support/browser-and-sites.ts';

const names = [
  'linked',
  'coded',
  'plain',
  'taken',
  'mailtaken',
  'mine',
  'human',
  'erring',
  'hanging',
  'slow',
  'totp',
  'reuse',
  'pictured',
  'again',
  'unconfirmed',
  'usedup',
  'signinhuman',
  'handed',
  'nothanded',
];
let lab: BrowserAndSites;

beforeAll(async () => {
  lab = await startBrowserAndSites(
    [
      { domain: 'link.practice.test', confirmation: 'link' },
      { domain: 'code.practice.test', confirmation: 'code' },
      { domain: 'none.practice.test', confirmation: 'none' },
      { domain: 'ill.practice.test', confirmation: 'none' },
    ],
    names,
  );
});
afterAll(() => lab.close());

const within = (startToCloseTimeoutMs: number) => new MockActivityEnvironment({ startToCloseTimeoutMs });
const submits = (domain: string, username: string) =>
  lab
    .site(domain)
    .state()
    .counts.signUpSubmits.filter((submit) => submit.username === username).length;
const accounts = (domain: string, username: string) =>
  lab
    .site(domain)
    .state()
    .accounts.filter((account) => account.username === username);

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
    const refused = await lab.fail('confirmEmail', [
      task,
      made.session,
      { kind: 'code', value: proof.value === '000000' ? '111111' : '000000' },
    ]);
    expect(refused).toMatchObject({ type: 'Rejected', message: expect.stringContaining('wrong') });
    await lab.run('confirmEmail', [task, undefined, proof]);
    expect(accounts('code.practice.test', 'coded')).toMatchObject([{ confirmed: true }]);
  });

  test('where nothing is mailed, it can be used at once', async () => {
    const made = await lab.run('createAccount', [lab.task('none.practice.test', 'plain')]);
    expect(made.awaiting).toBeUndefined();
    expect(JSON.parse(made.session!)).toMatchObject({
      cookies: [expect.objectContaining({ name: 'none_practice_test_session' })],
    });
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
    const failed = await lab.fail('createAccount', [
      lab.task('none.practice.test', 'taken', { password: 'Another-pass-1' }),
    ]);
    expect(failed).toMatchObject({
      type: 'AlreadyExists',
      submitted: false,
      message: expect.stringContaining('taken'),
    });
    expect(submits('none.practice.test', 'taken')).toBe(1);
  });

  test("an e-mail address that the site knows already is another's", async () => {
    lab.site('none.practice.test').setBehaviour({ emailTaken: true }, 'mailtaken');
    const failed = await lab.fail('createAccount', [lab.task('none.practice.test', 'mailtaken')]);
    expect(failed).toMatchObject({
      type: 'AlreadyExists',
      submitted: false,
      message: expect.stringMatching(/^This email is already registered\. \(signing in to it: .+\)$/),
    });
    expect(submits('none.practice.test', 'mailtaken')).toBe(0);
  });

  test('a link that was used up counts when the account can be signed in to', async () => {
    const task = lab.task('link.practice.test', 'usedup');
    const made = await lab.run('createAccount', [task]);
    const proof = await lab.readMail('usedup', 'link');
    await fetch(proof.value);
    expect(await lab.run('confirmEmail', [task, made.session, proof])).toMatchObject({
      profileUrl: expect.stringContaining('/u/usedup'),
    });
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
    expect(await lab.fail('lookFor', [lab.task(domain, 'signinhuman')])).toMatchObject({
      type: 'Challenge',
      submitted: false,
    });
  });

  test('says how long a person is waited for, and on which page, where the operator wants that', async () => {
    const { url } = lab.site(domain);
    const handed = {
      domain: 'handed.practice.test',
      recipe: 'practice-social',
      url,
      permission: 'a test of our own',
      waitForPerson: '4h',
    };
    const unknown = { ...handed, domain: 'unknown.practice.test', url: `${url}/u` };
    lab.listSites(handed, unknown);
    lab.site(domain).setBehaviour({ humanCheck: 'both' }, 'handed');
    const wanted = { waitForPersonMs: 4 * 3_600_000 };
    expect(await lab.fail('createAccount', [lab.task(handed.domain, 'handed')])).toMatchObject({
      ...wanted,
      type: 'Challenge',
      page: '/signup/details',
    });
    expect(await lab.fail('signIn', [lab.task(unknown.domain, 'handed')])).toMatchObject({
      ...wanted,
      type: 'FormChanged',
      page: '/u/signin',
    });
    expect(await lab.fail('signIn', [lab.task(handed.domain, 'nothanded')])).toMatchObject({
      type: 'WrongCredentials',
      waitForPersonMs: undefined,
    });
    expect(await lab.fail('createAccount', [lab.task(domain, 'handed')])).toMatchObject({
      type: 'Challenge',
      waitForPersonMs: undefined,
    });
  });

  test.each([
    [{ down: { retryAfter: 120 } }, '503', 120_000],
    [{ tooMany: { retryAfter: 7 } }, '429', 7_000],
    [{ down: true }, '503', undefined],
  ])('that answers %j is down, and is given the time it asks for', async (behaviour, status, delay) => {
    lab.site(domain).setBehaviour(behaviour, 'ailing');
    const failed = await lab.fail('createAccount', [lab.task(domain, 'ailing')]);
    expect(failed).toMatchObject({
      type: 'SiteDown',
      submitted: false,
      message: `${domain} answers ${status} on /u/ailing`,
    });
    expect(failed.retryAfterMs).toBe(delay);
  });

  test('that is not there at all is down', async () => {
    lab.listSites({
      domain: 'gone.practice.test',
      recipe: 'practice-social',
      url: 'http://127.0.0.1:1',
      permission: 'a test of our own',
    });
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
    expect(await lab.run('createAccount', [lab.task(domain, 'slow')])).toMatchObject({
      profileUrl: expect.stringContaining('/u/slow'),
    });
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

describe('signing in and filling in the profile', () => {
  test("answers the site's own prompt for a code, and says so when the task has no secret", async () => {
    const secret = 'JBSWY3DPEHPK3PXP';
    const task = lab.task('none.practice.test', 'totp', { twofa: 'jbsw y3dp ehpk 3pxp' });
    await lab.run('createAccount', [task]);
    lab.site('none.practice.test').setTotp('totp', secret);
    expect(await lab.run('updateProfile', [task, undefined])).toMatchObject({ problems: [] });
    expect(accounts('none.practice.test', 'totp')).toMatchObject([{ location: 'Huế' }]);
    const failed = await lab.fail('updateProfile', [{ ...task, twofa: '' }, undefined]);
    expect(failed).toMatchObject({
      type: 'WrongCredentials',
      message: expect.stringContaining('the task has no secret'),
    });
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
    const task = lab.task('none.practice.test', 'pictured', {
      avatar_url: lab.picture('avatar', 'a'),
      cover_url: lab.picture('cover', 'a'),
    });
    const { session } = await lab.run('createAccount', [task]);
    lab.site('none.practice.test').setBehaviour({ avatarRefused: true }, 'pictured');
    const { problems } = await lab.run('updateProfile', [task, session]);
    expect(problems).toEqual(['Avatar refused: it breaks our rules.']);
    const [account] = accounts('none.practice.test', 'pictured');
    expect(account).toMatchObject({
      location: 'Huế',
      about: '<p>We are <b>a sample</b>.</p>',
      links: ['https://social.example/@sample'],
    });
    expect(account!.cover).toBeDefined();
    expect(account!.avatar).toBeUndefined();
  });

  test('a picture that can never be had is told without a try at the site, one that may come back is waited for', async () => {
    const task = lab.task('none.practice.test', 'pictured', { avatar_url: 'http://10.0.0.1/a.png' });
    expect((await lab.run('updateProfile', [task, undefined])).problems).toEqual([expect.stringMatching(/^avatar: /)]);
    const passing = { ...task, avatar_url: 'http://127.0.0.1:1/a.png' };
    expect(await lab.fail('updateProfile', [passing, undefined])).toMatchObject({ type: 'AssetUnavailable' });
    const third = new MockActivityEnvironment({ startToCloseTimeoutMs: 60_000, attempt: 3 });
    expect((await lab.run('updateProfile', [passing, undefined], third)).problems).toEqual([
      expect.stringMatching(/^avatar: /),
    ]);
  });

  test('a second time changes nothing', async () => {
    const task = lab.task('none.practice.test', 'again', {
      avatar_url: lab.picture('avatar', 'b'),
      cover_url: lab.picture('cover', 'b'),
    });
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
