import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { searchAttributes } from '../../contracts/workflows.ts';
import { AlreadyExists, Challenge, FormChanged, Rejected, SiteDown } from '../../sites/kit/errors.ts';
import { firstPause } from '../../workflows/pace/grant-permits.ts';
import { after, waitsBetween } from '../support/scripted-failures.ts';
import { activityFailure, type Script, session, stepFailure } from '../support/scripted-task.ts';
import { startWorkflowServer, type WorkflowServer } from '../support/workflow-server.ts';

let lab: WorkflowServer;
beforeAll(async () => {
  lab = await startWorkflowServer();
});
afterEach(() => lab.replay());
afterAll(() => lab.close());

const second = 1_000;
const mailWanted = { kind: 'link' as const, from: ['site.test'] };

describe('an account that can be made', () => {
  test('is made, furnished and reported with its credentials, its cookies and its profile', async () => {
    const scene = lab.scene();
    expect(await scene.run()).toEqual({ outcome: 'completed', profileUrl: scene.profileUrl });
    const { email, username, password } = scene.role.fields;
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
    expect(scene.callsOf('lookFor', 'awaitMail', 'confirmEmail')).toEqual([]);
    const { typedSearchAttributes } = await scene.handle.describe();
    expect(typedSearchAttributes.get(searchAttributes.outcome)).toBe('completed');
    expect(typedSearchAttributes.get(searchAttributes.domain)).toBe(scene.role.fields.domain);
  });

  test('is confirmed by the mail that the site asks for, and goes on with the session of that', async () => {
    const confirmed = JSON.stringify({ cookies: [{ name: 'sid', value: 'confirmed' }], origins: [] });
    const scene = lab.scene({
      createAccount: () => ({ session, awaiting: mailWanted }),
      awaitMail: (_task, _mark, request) => ({ kind: 'link', value: `https://${request.from[0]}/confirm` }),
      confirmEmail: () => ({ session: confirmed }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('awaitMail')[0]!.args.slice(1)).toEqual([
      { uidValidity: '1', uidNext: 1, markedAt: 0 },
      mailWanted,
    ]);
    expect(scene.callsOf('confirmEmail')[0]!.args.slice(1)).toEqual([
      session,
      { kind: 'link', value: 'https://site.test/confirm' },
    ]);
    expect(scene.callsOf('updateProfile')[0]!.args[1]).toBe(confirmed);
    expect(scene.report().call).toBe('complete');
  });

  test('needs no mailbox at a site that asks for no mail', async () => {
    const scene = lab.scene({ markMailbox: () => ({ unreadable: 'the mail server refused the password' }) });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
  });

  test('is not confirmed when the mail never comes', async () => {
    const scene = lab.scene({
      createAccount: () => ({ session, profileUrl: 'https://site.test/u/brand', awaiting: mailWanted }),
      awaitMail: () => {
        throw activityFailure('MailMissing', 'no mail came in time');
      },
    });
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'MailMissing' });
    expect(scene.report().body).toEqual({
      status: 'register_failed',
      error_message: 'unconfirmed: no mail came in time',
      link_profile: 'https://site.test/u/brand',
    });
    expect(scene.callsOf('awaitMail')).toHaveLength(1);
  });

  test('counts as made when its confirmation ended unclear and the site lets it sign in', async () => {
    const scene = lab.scene({
      createAccount: () => ({ session, profileUrl: 'https://site.test/u/brand', awaiting: mailWanted }),
      confirmEmail: () => {
        throw stepFailure(new FormChanged('the page after the link shows nothing that is known'), false);
      },
      lookFor: () => ({ state: 'ours', session }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'profile_failed', failure: 'FormChanged' });
    expect(scene.report().body.error_message).toBe('the page after the link shows nothing that is known');
  });

  test('is reported as unconfirmed when its confirmation ended unclear and a look shows nothing better', async () => {
    const scene = lab.scene({
      createAccount: () => ({ session, awaiting: mailWanted }),
      confirmEmail: () => {
        throw stepFailure(new FormChanged('nothing that is known'), false);
      },
      lookFor: () => ({ state: 'unconfirmed', awaiting: mailWanted }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'FormChanged' });
    expect(scene.report().body.error_message).toBe('unconfirmed: nothing that is known');
  });

  test('is not confirmed when the mailbox can not be read', async () => {
    const scene = lab.scene({
      markMailbox: () => ({ unreadable: 'the mail server refused the password' }),
      createAccount: () => ({ session, awaiting: mailWanted }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'MailboxRefused' });
    expect(scene.report().body.error_message).toBe('unconfirmed: the mail server refused the password');
    expect(scene.callsOf('awaitMail')).toEqual([]);
  });

  test('waits for a mail server that is down', async () => {
    const scene = lab.scene({
      createAccount: () => ({ session, awaiting: mailWanted }),
      awaitMail: after([activityFailure('MailboxDown', 'refused'), activityFailure('MailboxDown', 'refused')], {
        kind: 'code',
        value: '123456',
      }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('awaitMail')).toHaveLength(3);
  });
});

describe('a task that is not to be worked', () => {
  test.each(['stale', 'gone', 'not enabled', 'malformed'] as const)('is left alone when it is %s', async (reason) => {
    const scene = lab.scene({ readTask: () => ({ kind: 'left', reason }) });
    expect(await scene.run()).toEqual({ outcome: 'left', reason });
    expect(scene.calls.map(({ name }) => name)).toEqual(['readTask']);
  });

  test.each([
    ['refused', "someone else's"],
    ['gone', 'gone'],
  ] as const)('is left alone when its start is answered with %s', async (kind, reason) => {
    const scene = lab.scene({ startTask: () => ({ kind }) });
    expect(await scene.run()).toEqual({ outcome: 'left', reason });
    expect(scene.calls.map(({ name }) => name)).toEqual(['readTask', 'startTask']);
  });
});

describe('a site that refuses', () => {
  test.each([
    ['a name that is taken', new AlreadyExists('the name brand is taken'), true],
    ['what it was given', new Rejected('Phone numbers must start with +'), true],
    ['a robot, before anything was sent', new Challenge('verify that you are human'), false],
    ['by another page than the recipe knows', new FormChanged('there is no field "E-mail"'), false],
  ])('%s is reported in its own words, and tried once', async (_what, error, submitted) => {
    const scene = lab.scene({
      createAccount: () => {
        throw stepFailure(error, submitted);
      },
    });
    expect(await scene.run()).toEqual({ outcome: 'register_failed', failure: error.kind, reason: error.message });
    expect(scene.report()).toEqual({ call: 'fail', body: { status: 'register_failed', error_message: error.message } });
    expect(scene.callsOf('createAccount')).toHaveLength(1);
    expect(scene.callsOf('lookFor')).toEqual([]);
    expect((await scene.handle.describe()).typedSearchAttributes.get(searchAttributes.failure)).toBe(error.kind);
  });

  test('a robot after the form was sent is looked at once, as soon as the site’s pause for it is over', async () => {
    const scene = lab.scene({
      createAccount: () => {
        throw stepFailure(new Challenge('verify that you are human'), true);
      },
    });
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'Challenge' });
    expect(scene.report().body.error_message).toBe('verify that you are human; the account was not made');
    expect(scene.callsOf('createAccount', 'lookFor').map(({ name }) => name)).toEqual(['createAccount', 'lookFor']);
    expect(waitsBetween(scene.callsOf('createAccount', 'lookFor'))[0]).toBeLessThan(firstPause / second + 10);
  });
});

describe('the profile', () => {
  test('with parts that the site did not take is reported with its address', async () => {
    const scene = lab.scene({
      updateProfile: () => ({
        profileUrl: 'https://site.test/@brand',
        problems: ['the cover is too small', 'no phone numbers'],
      }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'profile_failed', failure: 'Rejected' });
    expect(scene.report()).toEqual({
      call: 'fail',
      body: {
        status: 'profile_failed',
        error_message: 'the cover is too small; no phone numbers',
        link_profile: 'https://site.test/@brand',
      },
    });
  });

  test('that fails for good is tried once and reported as an account that can be used', async () => {
    const scene = lab.scene({
      updateProfile: () => {
        throw stepFailure(new FormChanged('there is no field "About"'), false);
      },
    });
    expect(await scene.run()).toMatchObject({ outcome: 'profile_failed', failure: 'FormChanged' });
    expect(scene.report().body).toEqual({
      status: 'profile_failed',
      error_message: 'there is no field "About"',
      link_profile: scene.profileUrl,
    });
    expect(scene.callsOf('updateProfile')).toHaveLength(1);
  });

  test('is tried again after growing waits, and not before the site wants it', async () => {
    const down = () => stepFailure(new SiteDown('502'), false);
    const busy = stepFailure(new SiteDown('429', 300 * second), false);
    const furnished = { session, profileUrl: 'https://site.test/@brand', problems: [] };
    const scene = lab.scene({ updateProfile: after([down(), down(), down(), busy], furnished) });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(waitsBetween(scene.callsOf('updateProfile'))).toEqual([5, 10, 20, 300]);
    expect(scene.callsOf('createAccount')).toHaveLength(1);
  });

  test('is given up after eight tries', async () => {
    const scene = lab.scene({
      updateProfile: () => {
        throw stepFailure(new SiteDown('502'), false);
      },
    });
    expect(await scene.run()).toMatchObject({ outcome: 'profile_failed', failure: 'SiteDown' });
    expect(scene.report().body.link_profile).toBe(scene.profileUrl);
    expect(scene.callsOf('updateProfile')).toHaveLength(8);
  });

  test('is furnished again when its worker was lost on the way', async () => {
    let tries = 0;
    const scene = lab.scene({
      updateProfile: async () => {
        if (++tries === 1) await lab.env.sleep('21 seconds');
        return { session, profileUrl: scene.profileUrl, problems: [] };
      },
    });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('updateProfile')).toHaveLength(2);
  });
});

describe('the report', () => {
  test('that is refused for a field becomes one that names it, and the account counts as usable', async () => {
    const scene = lab.scene({ completeTask: () => ({ kind: 'invalid', message: '400 cookie: too long' }) });
    expect(await scene.run()).toMatchObject({ outcome: 'profile_failed', reason: '400 cookie: too long' });
    expect(scene.callsOf('completeTask')).toHaveLength(1);
    expect(scene.report().body).toEqual({
      status: 'profile_failed',
      error_message: '400 cookie: too long',
      link_profile: scene.profileUrl,
    });
  });

  test.each([
    ['gone', 'gone'],
    ['refused', "someone else's"],
  ] as const)('that is answered with %s is not made again', async (kind, reason) => {
    const scene = lab.scene({ completeTask: () => ({ kind }) });
    expect(await scene.run()).toEqual({ outcome: 'left', reason });
    expect(scene.callsOf('completeTask', 'failTask')).toHaveLength(1);
  });

  test.each([
    ['complete', {}],
    ['fail', { updateProfile: () => ({ profileUrl: 'https://site.test/@brand', problems: ['no phone numbers'] }) }],
  ] as [string, Script][])('waits for a manager that is away for two days (%s)', async (call, script) => {
    const refused = Array.from({ length: 10 }, () => activityFailure('ManagerUnavailable', 'ECONNREFUSED'));
    const busy = [25, 23].map((hours) => activityFailure('ManagerUnavailable', '503', hours * 3600 * second));
    const whenUp = after<{ kind: 'applied' }>([...refused, ...busy], { kind: 'applied' });
    const scene = lab.scene({ ...script, completeTask: whenUp, failTask: whenUp });
    await scene.run();
    expect(scene.report().call).toBe(call);
    const calls = scene.callsOf('completeTask', 'failTask');
    expect(waitsBetween(calls)).toEqual([1, 2, 4, 8, 16, 32, 64, 120, 120, 120, 25 * 3600, 23 * 3600]);
  });
});
