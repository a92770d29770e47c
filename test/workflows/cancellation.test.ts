import { CancelledFailure, WorkflowFailedError } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AccountResult } from '../../contracts/step-results.ts';
import { SiteDown } from '../../sites/kit/errors.ts';
import {
  activityFailure,
  type Script,
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
const day = 86_400 * second;
const mailWanted = { kind: 'link' as const, from: ['site.test'] };
const made = { session, profileUrl: 'https://site.test/u/brand' } satisfies AccountResult;

/** A scene, a step of which asks for the cancellation of its workflow, and goes on when that has heard of it. */
function cancelledAt(script: (cancel: () => Promise<void>) => Script): ScriptedTask {
  const scene: ScriptedTask = lab.scene(
    script(async () => {
      await scene.handle.cancel();
      await expect.poll(() => hasHeard(scene), { timeout: 10_000 }).toBe(true);
    }),
  );
  return scene;
}

async function hasHeard({ handle }: ScriptedTask): Promise<boolean> {
  const { events } = await handle.fetchHistory();
  const asked = events!.findIndex((event) => event.workflowExecutionCancelRequestedEventAttributes);
  return asked >= 0 && events!.slice(asked).some((event) => event.workflowTaskCompletedEventAttributes);
}

/** Asks for the cancellation and ends with it, as a browser step does. */
const cancelledStep = (cancel: () => Promise<void>, submitted: boolean) => async () => {
  await cancel();
  await untilCancelled();
  throw stepFailure(new Error('cancelled'), submitted, true);
};

async function expectCancelled(scene: ScriptedTask): Promise<void> {
  const failure: unknown = await scene.end().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(WorkflowFailedError);
  expect((failure as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
}

describe('a cancellation before the start', () => {
  test('sends nothing while the manager is away', async () => {
    const scene = lab.scene({
      readTask: () => {
        throw activityFailure('ManagerUnavailable', 'ECONNREFUSED');
      },
    });
    await scene.start();
    await expect.poll(() => scene.calls.length, { timeout: 10_000 }).toBeGreaterThan(1);
    await scene.handle.cancel();
    await expectCancelled(scene);
    expect(scene.callsOf('startTask', 'completeTask', 'failTask')).toEqual([]);
  });

  test('sends nothing when the task was read by then', async () => {
    const scene: ScriptedTask = cancelledAt((cancel) => ({
      readTask: async () => {
        await cancel();
        return { kind: 'task', task: { ...scene.role.fields, entity_connect: undefined } as never };
      },
    }));
    await scene.start();
    await expectCancelled(scene);
    expect(scene.calls.map(({ name }) => name)).toEqual(['readTask']);
  });
});

describe('a cancellation before an account could be made', () => {
  test('waits for the answer to the start, and reports', async () => {
    let tries = 0;
    const scene = cancelledAt((cancel) => ({
      startTask: async () => {
        if (++tries > 1) return { kind: 'applied' };
        await cancel();
        throw activityFailure('ManagerUnavailable', 'no answer');
      },
    }));
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'Cancelled' });
    expect(scene.report().body).toEqual({ status: 'register_failed', error_message: 'cancelled' });
    expect(scene.callsOf('createAccount', 'lookFor')).toEqual([]);
  });

  test('reports when the task waits for its turn at the site, and nothing is made', async () => {
    lab.enable('slow.test', { every: '1h' });
    const first = lab.scene({}, { domain: 'slow.test' });
    await first.start();
    await first.endWithoutSkipping();
    const scene = lab.scene({}, { domain: 'slow.test' });
    await scene.start();
    await expect.poll(() => scene.waitsForPermit(), { timeout: 10_000 }).toBe(true);
    await scene.handle.cancel();
    expect(await scene.end()).toMatchObject({ outcome: 'register_failed', failure: 'Cancelled' });
    scene.report();
    expect(scene.callsOf('createAccount', 'lookFor')).toEqual([]);
  });
});

describe('a cancellation while the account is being made', () => {
  test('is reported at once when the form was not sent', async () => {
    const scene = cancelledAt((cancel) => ({ createAccount: cancelledStep(cancel, false) }));
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'Cancelled' });
    expect(scene.report().body.error_message).toBe('cancelled');
    expect(scene.callsOf('lookFor')).toEqual([]);
  });

  test('finds an account that was made by then, and reports it as usable', async () => {
    const scene = cancelledAt((cancel) => ({
      createAccount: cancelledStep(cancel, true),
      lookFor: () => ({ state: 'ours', ...made }),
    }));
    expect(await scene.run()).toMatchObject({ outcome: 'profile_failed', failure: 'Cancelled' });
    expect(scene.report().body).toEqual({
      status: 'profile_failed',
      error_message: 'cancelled',
      link_profile: made.profileUrl,
    });
    expect(scene.callsOf('updateProfile')).toEqual([]);
  });

  test('finds an account that still waits for its mail', async () => {
    const scene = cancelledAt((cancel) => ({
      createAccount: cancelledStep(cancel, true),
      lookFor: () => ({ state: 'unconfirmed', awaiting: mailWanted, profileUrl: made.profileUrl }),
    }));
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'Cancelled' });
    expect(scene.report().body).toEqual({
      status: 'register_failed',
      error_message: 'unconfirmed: cancelled',
      link_profile: made.profileUrl,
    });
  });

  test('looks a second time before it says that there is none', async () => {
    const scene = cancelledAt((cancel) => ({ createAccount: cancelledStep(cancel, true) }));
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'Cancelled' });
    expect(scene.report().body.error_message).toBe('cancelled');
    const looks = scene.callsOf('lookFor');
    expect(looks).toHaveLength(2);
    expect(looks[1]!.at - looks[0]!.at).toBeGreaterThanOrEqual(240 * second);
    expect(scene.callsOf('createAccount')).toHaveLength(1);
  });

  test('says so when nobody can tell', async () => {
    const scene = cancelledAt((cancel) => ({
      createAccount: cancelledStep(cancel, true),
      lookFor: () => ({ state: 'unknown' }),
    }));
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'OutcomeUnknown' });
    expect(scene.report().body.error_message).toBe('outcome unknown: cancelled');
  });

  test('that the step does not hear is looked into as well', async () => {
    const scene = cancelledAt((cancel) => ({
      createAccount: async () => {
        await cancel();
        await lab.env.sleep('21 seconds');
        return made;
      },
      lookFor: () => ({ state: 'ours', ...made }),
    }));
    expect(await scene.run()).toMatchObject({ outcome: 'profile_failed' });
    expect(scene.callsOf('createAccount')).toHaveLength(1);
    expect(scene.report().body.link_profile).toBe(made.profileUrl);
  });

  test('that comes too late for the step keeps the account that it made', async () => {
    const scene = cancelledAt((cancel) => ({
      createAccount: async () => {
        await cancel();
        await untilCancelled();
        return made;
      },
    }));
    expect(await scene.run()).toMatchObject({ outcome: 'profile_failed', failure: 'Cancelled' });
    expect(scene.report().body.link_profile).toBe(made.profileUrl);
    expect(scene.callsOf('lookFor', 'updateProfile')).toEqual([]);
  });
});

describe('a cancellation of an account that was made', () => {
  test('while it waits for its mail is reported as unconfirmed', async () => {
    const scene = cancelledAt((cancel) => ({
      createAccount: () => ({ ...made, awaiting: mailWanted }),
      awaitMail: cancelledStep(cancel, true),
    }));
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'Cancelled' });
    expect(scene.report().body).toEqual({
      status: 'register_failed',
      error_message: 'unconfirmed: cancelled',
      link_profile: made.profileUrl,
    });
  });

  test('while its profile is furnished is reported as usable', async () => {
    const scene = cancelledAt((cancel) => ({ updateProfile: cancelledStep(cancel, false) }));
    expect(await scene.run()).toMatchObject({ outcome: 'profile_failed', failure: 'Cancelled' });
    expect(scene.report().body).toEqual({
      status: 'profile_failed',
      error_message: 'cancelled',
      link_profile: scene.profileUrl,
    });
  });

  test('while it is reported does not stop the report', async () => {
    let tries = 0;
    const scene = cancelledAt((cancel) => ({
      completeTask: async () => {
        if (++tries > 1) return { kind: 'applied' };
        await cancel();
        throw activityFailure('ManagerUnavailable', 'no answer');
      },
    }));
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(scene.report().call).toBe('complete');
  });
});

describe('after seven days', () => {
  test('a task that still waits for its turn is reported as overdue, and nothing is made', async () => {
    lab.enable('monthly.test', { every: '30d' });
    const first = lab.scene({}, { domain: 'monthly.test' });
    await first.start();
    await first.endWithoutSkipping();
    const scene = lab.scene({}, { domain: 'monthly.test' });
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'Overdue' });
    expect(scene.report().body).toEqual({ status: 'register_failed', error_message: "the task's time was over" });
    expect(scene.callsOf('createAccount', 'lookFor')).toEqual([]);
    expect(scene.callsOf('failTask')[0]!.at - scene.callsOf('startTask')[0]!.at).toBeGreaterThanOrEqual(7 * day);
  });

  test('an account whose profile could not be furnished is reported as usable', async () => {
    const scene = lab.scene({
      updateProfile: () => {
        throw stepFailure(new SiteDown('429', 8 * day), false);
      },
    });
    expect(await scene.run()).toMatchObject({ outcome: 'profile_failed', failure: 'Overdue' });
    expect(scene.report().body).toEqual({
      status: 'profile_failed',
      error_message: "the task's time was over",
      link_profile: scene.profileUrl,
    });
  });
});
