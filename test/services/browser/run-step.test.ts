import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { AnsweringServer } from '../../support/answering-server.ts';
import { type BrowserAndSites, startBrowserAndSites, writeForms } from '../../support/browser-and-sites.ts';
import { browserPids } from '../../support/processes.ts';

let lab: BrowserAndSites;

beforeAll(async () => {
  lab = await startBrowserAndSites(
    [
      { domain: 'link.practice.test', confirmation: 'link' },
      { domain: 'code.practice.test', confirmation: 'code' },
      { domain: 'none.practice.test', confirmation: 'none' },
    ],
    ['late', 'frozen', 'evident', 'linkfailed'],
  );
  mkdirSync(oldEvidence(), { recursive: true });
});
afterAll(() => lab.close());

/** The evidence of a step that failed long ago. */
const oldEvidence = () => path.join(lab.evidenceDir, '2026-01-01T00-00-00-000Z-signIn-task-old');
const within = (startToCloseTimeoutMs: number) => new MockActivityEnvironment({ startToCloseTimeoutMs });
const submits = (domain: string, username: string) =>
  lab
    .site(domain)
    .state()
    .counts.signUpSubmits.filter((submit) => submit.username === username).length;

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
    await expect
      .poll(() => lab.site('none.practice.test').state().counts.signUpPages, { interval: 20, timeout: 6_000 })
      .toBeGreaterThan(pages);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000);
    expect(await failing).toMatchObject({ type: 'StepTimeout', submitted: false });
    expect(submits('none.practice.test', 'frozen')).toBe(0);
  });
});

describe('the end of a step', () => {
  // A step that ended before its page was closed leaves that to be done.
  beforeEach(() => expect.poll(() => lab.openContexts(), { timeout: 5_000 }).toBe(0));

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

  test('a page that hangs fails only its own step, which ends in time, and the browser stays open', async () => {
    const hung = await AnsweringServer.start();
    onTestFinished(() => hung.close());
    hung.answer = (response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Busy</h1><script>for (;;);</script>');
    lab.listSites({
      domain: 'hung.practice.test',
      recipe: 'practice-social',
      url: hung.url,
      permission: 'a test of our own',
    });
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

  test('a tab that crashes fails only its own step, at once, and the browser stays open', async () => {
    const changed = await AnsweringServer.start();
    onTestFinished(() => changed.close());
    changed.answer = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign up</h1>');
    lab.listSites({
      domain: 'tabless.practice.test',
      recipe: 'practice-social',
      url: changed.url,
      permission: 'a test of our own',
    });
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
  const secrets = {
    password: `Pl"nt&d'Pass <1>`,
    pass_mail: 'planted/mail+pass',
    twofa: 'JBSWY3DPEHPK3PXQ',
    app_password: 'qwer tyui opas dfgh',
  };

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

    const { data, info } = await sharp(path.join(lab.evidenceDir, failed.evidence!, 'page.png'))
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    let masked = 0;
    for (let at = 0; at < data.length; at += info.channels)
      if (data[at] === 255 && data[at + 1] === 0 && data[at + 2] === 255) masked += 1;
    expect(masked).toBeGreaterThan(2_000);
  });

  test('of a page that shows the password itself masks it there too', async () => {
    const shown = lab.task('none.practice.test', 'evident', { ...secrets, password: 'short1x' });
    const failed = await lab.fail('createAccount', [shown]);
    expect(failed.type).toBe('Rejected');
    expect(lab.readEvidence(failed.evidence!)).not.toContain('short1x');
  });

  test('is kept, and older evidence is removed to make room', async () => {
    await lab.fail('createAccount', [lab.task('none.practice.test', 'evident', { password: 'short' })]);
    await expect.poll(() => existsSync(oldEvidence())).toBe(false);
  });

  test('is kept for its owner alone', async () => {
    const { evidence } = await lab.fail('createAccount', [
      lab.task('none.practice.test', 'evident', { password: 'short' }),
    ]);
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
