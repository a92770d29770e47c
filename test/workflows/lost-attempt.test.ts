import { heartbeat } from '@temporalio/activity';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AccountLookup, AccountResult } from '../../contracts/step-results.ts';
import { Challenge, SiteDown } from '../../sites/kit/errors.ts';
import { type Script, session, stepFailure } from '../support/scripted-task.ts';
import { startWorkflowServer, type WorkflowServer } from '../support/workflow-server.ts';

let lab: WorkflowServer;
beforeAll(async () => {
  lab = await startWorkflowServer();
});
afterEach(() => lab.replay());
afterAll(() => lab.close());

const second = 1_000;
const attemptTime = 240 * second;
const mailWanted = { kind: 'link' as const, from: ['site.test'] };
const foundSession = JSON.stringify({ cookies: [{ name: 'sid', value: 'found' }], origins: [] });
const made = { session, profileUrl: 'https://site.test/u/brand' } satisfies AccountResult;

/** Gives one answer after another; the last one again and again. */
function inTurn<Answer>(...answers: (() => Answer | Promise<Answer>)[]): () => Answer | Promise<Answer> {
  return () => (answers.length > 1 ? answers.shift()! : answers[0]!)();
}

const down = (submitted: boolean) => () => {
  throw stepFailure(new SiteDown('502'), submitted);
};

/** Beats once and is not heard of again: its worker was killed. */
const killed = async (): Promise<AccountResult> => {
  await lab.env.sleep('21 seconds');
  return made;
};

/** Beats often enough for some of them to be late, on beyond its time: its worker hangs. */
const hung = async (): Promise<AccountResult> => {
  for (let passed = 0; passed <= attemptTime; passed += 5 * second) {
    heartbeat();
    await lab.env.sleep(5 * second);
  }
  return made;
};

describe('a site that is down before anything was sent', () => {
  test('is tried again', async () => {
    const scene = lab.scene({ createAccount: inTurn(down(false), down(false), () => made) });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('lookFor')).toEqual([]);
    const [first, next, last] = scene.callsOf('createAccount').map(({ at }) => at);
    expect(next! - first!).toBeGreaterThanOrEqual(30 * second);
    expect(last! - next!).toBeGreaterThanOrEqual(60 * second);
    expect(scene.report().call).toBe('complete');
  });

  test('is tried three times at most', async () => {
    const scene = lab.scene({ createAccount: down(false) });
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'SiteDown' });
    expect(scene.report().body).toEqual({ status: 'register_failed', error_message: '502' });
    expect(scene.callsOf('createAccount')).toHaveLength(3);
    expect(scene.callsOf('lookFor')).toEqual([]);
  });
});

describe.each([
  ['whose worker was killed', killed, 20 * second],
  ['that ran out of time', hung, attemptTime],
  ['that lost the site after the form was sent', down(true), 0],
])('an attempt %s', (_how, lost, lostAfter) => {
  test('is followed by a look, and never by another when the account is there', async () => {
    const scene = lab.scene({
      createAccount: lost,
      lookFor: () => ({ state: 'ours', session: foundSession, profileUrl: made.profileUrl }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('createAccount')).toHaveLength(1);
    expect(scene.callsOf('lookFor')).toHaveLength(1);
    expect(scene.callsOf('updateProfile')[0]!.args[1]).toBe(foundSession);
    expect(scene.report().body.cookie).toBe('sid=abc; lang=vi');
  });

  test('is repeated only when the account is absent after its time is over', async () => {
    const scene = lab.scene({ createAccount: inTurn(lost, () => made) });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    const steps = scene.callsOf('createAccount', 'lookFor');
    expect(steps.map(({ name }) => name)).toEqual(['createAccount', 'lookFor', 'lookFor', 'createAccount']);
    const [begun, early, late] = steps.map(({ at }) => at);
    expect(early! - begun!).toBeGreaterThanOrEqual(lostAfter);
    expect(late! - early!).toBeGreaterThanOrEqual(attemptTime);
    expect(scene.report().call).toBe('complete');
  });
});

describe('an attempt that is not heard of again', () => {
  const lostOnce = (script: Script) => lab.scene({ createAccount: inTurn(killed, () => made), ...script });

  test('goes on with an account that appears while its time runs out', async () => {
    const scene = lostOnce({
      lookFor: inTurn<AccountLookup>(
        () => ({ state: 'absent' }),
        () => ({ state: 'ours', ...made }),
      ),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('createAccount')).toHaveLength(1);
    expect(scene.callsOf('lookFor')).toHaveLength(2);
  });

  test('goes on with the mail of an account that is not confirmed', async () => {
    const scene = lostOnce({ lookFor: () => ({ state: 'unconfirmed', awaiting: mailWanted, session: foundSession }) });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('createAccount')).toHaveLength(1);
    expect(scene.callsOf('confirmEmail')[0]!.args[1]).toBe(foundSession);
  });

  test('goes on when the mailbox holds the mail of a site that hides its accounts', async () => {
    const scene = lostOnce({
      lookFor: () => ({ state: 'unknown', awaiting: mailWanted }),
      findMail: () => ({ kind: 'link', value: 'https://site.test/confirm' }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('createAccount')).toHaveLength(1);
    expect(scene.callsOf('confirmEmail')).toHaveLength(1);
  });

  test.each(['unknown', 'taken'] as const)(
    'ends undecided, without another, when the account stays %s',
    async (state) => {
      const scene = lostOnce({ lookFor: () => ({ state }) });
      expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'OutcomeUnknown' });
      expect(scene.report().body.status).toBe('register_failed');
      expect(scene.report().body.error_message).toMatch(/^outcome unknown: the step was not heard of again/);
      expect(scene.callsOf('createAccount')).toHaveLength(1);
      expect(scene.callsOf('lookFor')).toHaveLength(2);
    },
  );

  test('ends undecided when an absent account can no longer be told', async () => {
    const scene = lostOnce({
      lookFor: inTurn<AccountLookup>(
        () => ({ state: 'absent' }),
        () => ({ state: 'unknown' }),
      ),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'OutcomeUnknown' });
    expect(scene.callsOf('createAccount')).toHaveLength(1);
    scene.report();
  });

  test('ends undecided when nobody can look', async () => {
    const scene = lostOnce({
      lookFor: () => {
        throw stepFailure(new Challenge('verify that you are human'), false);
      },
    });
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'OutcomeUnknown' });
    expect(scene.report().body.error_message).toBe('outcome unknown: verify that you are human');
    expect(scene.callsOf('createAccount')).toHaveLength(1);
  });

  test('looks again when the site is down', async () => {
    const scene = lostOnce({
      lookFor: inTurn<AccountLookup>(down(false), down(false), () => ({ state: 'ours', ...made })),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('createAccount')).toHaveLength(1);
    expect(scene.callsOf('lookFor')).toHaveLength(3);
  });

  test('is repeated twice at most, and then reported as not made', async () => {
    const scene = lab.scene({ createAccount: killed });
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'StepTimeout' });
    expect(scene.report().body.error_message).toBe('the step was not heard of again; the account was not made');
    expect(scene.callsOf('createAccount')).toHaveLength(3);
    expect(scene.callsOf('lookFor')).toHaveLength(6);
  });
});
