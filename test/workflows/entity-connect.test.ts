import { CancelledFailure, type WorkflowFailedError } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AccountLookup } from '../../contracts/step-results.ts';
import { searchAttributes } from '../../contracts/workflows.ts';
import { AlreadyExists, Challenge, Rejected, SiteDown, WrongCredentials } from '../../sites/kit/errors.ts';
import { after, failing, waitsBetween } from '../support/scripted-failures.ts';
import {
  activityFailure,
  type Script,
  type ScriptedName,
  type ScriptedTask,
  session,
  stepFailure,
  untilCancelled,
} from '../support/scripted-task.ts';
import { startWorkflowServer, type WorkflowServer } from '../support/workflow-server.ts';

let lab: WorkflowServer;
beforeAll(async () => {
  lab = await startWorkflowServer();
});
afterEach(() => lab.replay());
afterAll(() => lab.close());

const second = 1_000;
const minute = 60 * second;
const day = 86_400 * second;
const codeWanted = { kind: 'code' as const, from: ['site.test'] };
const code = { kind: 'code' as const, value: '123456' };

const registering = (script: Script = {}) => lab.scene(script, { flow: 'entity', status: 'register' });
const connecting = (script: Script = {}, fields: Record<string, unknown> = {}) =>
  lab.scene(script, { flow: 'entity', status: 'connect', fields });
const sessionOf = (step: string) => JSON.stringify({ cookies: [{ name: 'sid', value: step }], origins: [] });

const namesOf = (scene: ScriptedTask) => scene.calls.map(({ name }) => name);

/** The task's statuses that its calls to the manager name. */
const statusesOf = (scene: ScriptedTask) =>
  scene.callsOf('startTask', 'completeTask', 'failTask').map(({ name, args }) => [name, ...args.slice(0, 3)]);

/** Asks for its workflow's cancellation and ends with it, as a browser step does. */
function cancelIn(scene: ScriptedTask, step: ScriptedName): ScriptedTask {
  scene.play({
    [step]: async () => {
      await scene.handle.cancel();
      await untilCancelled();
      throw stepFailure(new Error('cancelled'), false, true);
    },
  });
  return scene;
}

describe('the register phase', () => {
  test('makes and furnishes the account as that of a social task, under its own statuses', async () => {
    const scene = registering();
    expect(await scene.run()).toEqual({ outcome: 'completed', profileUrl: scene.profileUrl });
    const { id, email, username, password } = scene.role.fields;
    expect(scene.callsOf('readTask')[0]!.args).toEqual(['entity', id, 'register']);
    expect(statusesOf(scene)).toEqual([
      ['startTask', 'entity', id, 'register'],
      ['completeTask', 'entity', id, 'registering'],
    ]);
    expect(scene.report()).toEqual({
      call: 'complete',
      body: {
        email,
        username,
        password,
        cookie: 'sid=abc; lang=vi',
        link_profile: scene.profileUrl,
        note: expect.any(String) as string,
      },
    });
    expect(scene.callsOf('readConnectTask', 'signIn', 'addLinks')).toEqual([]);
  });

  test('that the site refuses is reported as one that made no account', async () => {
    const scene = registering({
      createAccount: failing(stepFailure(new AlreadyExists('the name brand is taken'), true)),
    });
    expect(await scene.run()).toEqual({
      outcome: 'register_failed',
      failure: 'AlreadyExists',
      reason: 'the name brand is taken',
    });
    expect(scene.report()).toEqual({
      call: 'fail',
      body: { status: 'register_failed', error_message: 'the name brand is taken' },
    });
    expect(statusesOf(scene).at(-1)).toEqual(['failTask', 'entity', scene.role.fields.id, 'registering']);
  });

  test('whose profile fails is reported as one whose account can be used', async () => {
    const scene = registering({
      updateProfile: () => ({ profileUrl: 'https://site.test/@brand', problems: ['no phone numbers'] }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'profile_failed', failure: 'Rejected' });
    expect(scene.report().body).toEqual({
      status: 'profile_failed',
      error_message: 'no phone numbers',
      link_profile: 'https://site.test/@brand',
    });
  });

  test('never signs up twice without a look', async () => {
    const scene = registering({
      createAccount: failing(stepFailure(new SiteDown('502'), true)),
      lookFor: (): AccountLookup => ({ state: 'ours', session }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('createAccount', 'lookFor').map(({ name }) => name)).toEqual(['createAccount', 'lookFor']);
  });
});

describe('the connect phase', () => {
  test('signs in, puts the links on the profile with that session, and reports the address', async () => {
    const scene = connecting({ signIn: () => ({ session: sessionOf('signed in') }) });
    expect(await scene.run()).toEqual({ outcome: 'completed', profileUrl: scene.profileUrl });
    const { id, entity_connect: links } = scene.role.fields;
    expect(scene.report()).toEqual({
      call: 'complete',
      body: { link_post: scene.profileUrl, note: '1 links added, 0 were there' },
    });
    expect(statusesOf(scene)).toEqual([
      ['startTask', 'entity', id, 'connect'],
      ['completeTask', 'entity', id, 'connecting'],
    ]);
    expect(namesOf(scene)).toEqual([
      'readConnectTask',
      'startTask',
      'markMailbox',
      'requestPermit',
      'signIn',
      'requestPermit',
      'addLinks',
      'completeTask',
    ]);
    const [task, used] = scene.callsOf('addLinks')[0]!.args;
    expect(task).toMatchObject({ entity_connect: links });
    expect(used).toBe(sessionOf('signed in'));
    const { typedSearchAttributes } = await scene.handle.describe();
    expect(typedSearchAttributes.get(searchAttributes.outcome)).toBe('completed');
  });

  test('asks the gate for no turn to make an account: its steps make none', async () => {
    const scene = connecting();
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('requestPermit').map(({ args }) => (args[1] as { creating: boolean }).creating)).toEqual([
      false,
      false,
    ]);
  });

  test('needs no mailbox at a site that mails no code', async () => {
    const scene = connecting({ markMailbox: () => ({ unreadable: 'the mail server refused the password' }) });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
  });

  test('that finds links missing names at most five of them', async () => {
    const missing = Array.from({ length: 7 }, (_, index) => `https://brand.test/${index + 1}`);
    const scene = connecting({
      addLinks: () => ({ session, profileUrl: 'https://site.test/u/brand', added: 0, kept: 0, missing }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'connect_failed', failure: 'Rejected' });
    const reason = `the profile does not show 7 of the links: ${missing.slice(0, 5).join(' ')}`;
    expect(scene.report()).toEqual({ call: 'fail', body: { error_message: reason } });
    expect(scene.callsOf('addLinks')).toHaveLength(1);
  });

  test('whose report is refused for a field fails with the words of that', async () => {
    const scene = connecting({ completeTask: () => ({ kind: 'invalid', message: 'placeholder rejected: link_post' }) });
    expect(await scene.run()).toEqual({
      outcome: 'connect_failed',
      failure: 'Rejected',
      reason: 'placeholder rejected: link_post',
    });
    expect(scene.report()).toEqual({ call: 'fail', body: { error_message: 'placeholder rejected: link_post' } });
    expect(scene.callsOf('completeTask')).toHaveLength(1);
    expect(statusesOf(scene).at(-1)).toEqual(['failTask', 'entity', scene.role.fields.id, 'connecting']);
  });
});

describe('a sign-in that asks for a mailed code', () => {
  const asking = () => ({ session: sessionOf('half'), awaiting: codeWanted });

  test('is answered with it, and the links are put on with the session of that', async () => {
    const scene = connecting({
      signIn: asking,
      awaitMail: () => code,
      answerSignIn: () => ({ session: sessionOf('whole') }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('awaitMail')[0]!.args.slice(1)).toEqual([
      { uidValidity: '1', uidNext: 1, markedAt: 0 },
      codeWanted,
    ]);
    expect(scene.callsOf('answerSignIn')[0]!.args.slice(1)).toEqual([sessionOf('half'), code]);
    expect(scene.callsOf('addLinks')[0]!.args[1]).toBe(sessionOf('whole'));
    const names = namesOf(scene);
    expect(names.indexOf('markMailbox')).toBeLessThan(names.indexOf('signIn'));
  });

  test('fails when the mail never comes', async () => {
    const scene = connecting({
      signIn: asking,
      awaitMail: failing(activityFailure('MailMissing', 'no mail came in time')),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'connect_failed', failure: 'MailMissing' });
    expect(scene.report()).toEqual({ call: 'fail', body: { error_message: 'no mail came in time' } });
    expect(scene.callsOf('awaitMail')).toHaveLength(1);
    expect(scene.callsOf('answerSignIn', 'addLinks')).toEqual([]);
  });

  test('is not waited for when the mailbox can not be read', async () => {
    const scene = connecting({
      signIn: asking,
      markMailbox: () => ({ unreadable: 'the mail server refused the password' }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'connect_failed', failure: 'MailboxRefused' });
    expect(scene.report().body).toEqual({ error_message: 'the mail server refused the password' });
    expect(scene.callsOf('awaitMail', 'answerSignIn', 'addLinks')).toEqual([]);
  });

  test('whose code is refused fails, and the code is entered once', async () => {
    const scene = connecting({
      signIn: asking,
      awaitMail: () => code,
      answerSignIn: failing(stepFailure(new Rejected('This code is wrong.'), false)),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'connect_failed', failure: 'Rejected' });
    expect(scene.report().body).toEqual({ error_message: 'This code is wrong.' });
    expect(scene.callsOf('answerSignIn')).toHaveLength(1);
    expect(scene.callsOf('addLinks')).toEqual([]);
  });
});

describe('a site that does not let the links be put on', () => {
  test.each([
    ['for wrong credentials', new WrongCredentials('Wrong user name or password.')],
    ['without a human', new Challenge('verify that you are human')],
  ])('%s is asked once', async (_why, error) => {
    const scene = connecting({ signIn: failing(stepFailure(error, false)) });
    expect(await scene.run()).toEqual({ outcome: 'connect_failed', failure: error.kind, reason: error.message });
    expect(scene.report()).toEqual({ call: 'fail', body: { error_message: error.message } });
    expect(scene.callsOf('signIn')).toHaveLength(1);
    expect(scene.callsOf('addLinks')).toEqual([]);
    expect((await scene.handle.describe()).typedSearchAttributes.get(searchAttributes.failure)).toBe(error.kind);
  });

  test.each([
    // Each sign-in may mail a code, and only the last one's counts.
    ['signIn', ['markMailbox', 'requestPermit', 'signIn']],
    ['addLinks', ['requestPermit', 'addLinks']],
  ] as const)(
    'since it is down (%s) is asked eight times, ever more rarely, each with a permit of its own',
    async (step, oneTry) => {
      const scene = connecting({ [step]: failing(stepFailure(new SiteDown('502'), false)) });
      expect(await scene.run()).toEqual({ outcome: 'connect_failed', failure: 'SiteDown', reason: '502' });
      expect(waitsBetween(scene.callsOf(step))).toEqual([5, 10, 20, 40, 80, 160, 300]);
      expect(scene.report()).toEqual({ call: 'fail', body: { error_message: '502' } });
      const names = namesOf(scene);
      expect(names.slice(names.indexOf(step) - oneTry.length + 1, -1)).toEqual(
        Array.from({ length: 8 }, () => oneTry).flat(),
      );
    },
  );

  test('since it is down until a moment that it names is not asked before it, and then gets the links', async () => {
    const busy = stepFailure(new SiteDown('429', 900 * second), false);
    const scene = connecting();
    scene.play({ addLinks: after([busy], { session, profileUrl: scene.profileUrl, added: 1, kept: 0, missing: [] }) });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(waitsBetween(scene.callsOf('addLinks'))).toEqual([900]);
    expect(scene.callsOf('signIn')).toHaveLength(1);
  });

  test('since the worker was lost is asked again', async () => {
    const scene = connecting();
    scene.play({
      addLinks: async () => {
        if (scene.callsOf('addLinks').length === 1) await lab.env.sleep('21 seconds');
        return { session, profileUrl: scene.profileUrl, added: 0, kept: 1, missing: [] };
      },
    });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('addLinks')).toHaveLength(2);
    expect(scene.report().body).toMatchObject({ note: '0 links added, 1 were there' });
  });
});

describe('a connect task that is not to be worked', () => {
  test.each(['stale', 'gone', 'not enabled', 'malformed'] as const)(
    'is left alone, and nothing is sent, when it is: %s',
    async (reason) => {
      const scene = connecting({ readConnectTask: () => ({ kind: 'left', reason }) });
      expect(await scene.run()).toEqual({ outcome: 'left', reason });
      expect(namesOf(scene)).toEqual(['readConnectTask']);
    },
  );

  test.each([
    ['refused', "someone else's"],
    ['gone', 'gone'],
  ] as const)('is left alone when its start is answered with %s', async (kind, reason) => {
    const scene = connecting({ startTask: () => ({ kind }) });
    expect(await scene.run()).toEqual({ outcome: 'left', reason });
    expect(namesOf(scene)).toEqual(['readConnectTask', 'startTask']);
  });

  test.each([
    ['refused', "someone else's"],
    ['gone', 'gone'],
  ] as const)('any more is not reported again when its report is answered with %s', async (kind, reason) => {
    const scene = connecting({ completeTask: () => ({ kind }) });
    expect(await scene.run()).toEqual({ outcome: 'left', reason });
    expect(scene.callsOf('completeTask', 'failTask')).toHaveLength(1);
  });
});

describe('a cancelled connect task', () => {
  const asking: Script = { signIn: () => ({ session, awaiting: codeWanted }), awaitMail: () => code };

  test.each<[ScriptedName, Script]>([
    ['signIn', {}],
    ['awaitMail', asking],
    ['answerSignIn', asking],
    ['addLinks', {}],
  ])('in %s is reported once, and nothing more is done', async (step, script) => {
    const scene = cancelIn(connecting(script), step);
    expect(await scene.run()).toEqual({ outcome: 'connect_failed', failure: 'Cancelled', reason: 'cancelled' });
    expect(scene.report()).toEqual({ call: 'fail', body: { error_message: 'cancelled' } });
    expect(namesOf(scene).slice(-2)).toEqual([step, 'failTask']);
    expect(scene.callsOf(step)).toHaveLength(1);
  });

  test('that was not started yet sends nothing', async () => {
    const scene = connecting({ readConnectTask: failing(activityFailure('ManagerUnavailable', 'ECONNREFUSED')) });
    await scene.start();
    await expect.poll(() => scene.calls.length, { timeout: 10_000 }).toBeGreaterThan(1);
    await scene.handle.cancel();
    const failure: unknown = await scene.end().catch((error: unknown) => error);
    expect((failure as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    expect(scene.callsOf('startTask', 'completeTask', 'failTask')).toEqual([]);
  });
});

test('a connect task is reported as overdue after seven days', async () => {
  const scene = connecting({ addLinks: failing(stepFailure(new SiteDown('429', 8 * day), false)) });
  expect(await scene.run()).toEqual({
    outcome: 'connect_failed',
    failure: 'Overdue',
    reason: "the task's time was over",
  });
  expect(scene.report()).toEqual({ call: 'fail', body: { error_message: "the task's time was over" } });
  const waited = scene.callsOf('failTask')[0]!.at - scene.callsOf('startTask')[0]!.at;
  expect(waited).toBeGreaterThanOrEqual(7 * day - second);
  expect(waited).toBeLessThan(7 * day + minute);
});
