import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { GateState } from '../../contracts/pace.ts';
import { SiteDown } from '../../sites/kit/errors.ts';
import { EncryptionCodec } from '../../temporal/codec.ts';
import { askForPermit, pausePace, readGate, resumePace } from '../../temporal/site-gate.ts';
import { siteGateId } from '../../temporal/workflow-ids.ts';
import { type Script, type ScriptedTask, session, stepFailure } from '../support/scripted-task.ts';
import { withoutQuery } from '../support/without-query.ts';
import { makeKeys, type Run, startWorkflowServer, type WorkflowServer } from '../support/workflow-server.ts';

const second = 1_000;

describe('the gate', () => {
  let lab: WorkflowServer;
  beforeAll(async () => {
    lab = await startWorkflowServer();
  });
  afterEach(() => lab.replay());
  afterAll(() => lab.close());

  const runWithoutSkipping = async (scene: ScriptedTask) => {
    await scene.start();
    expect(await scene.endWithoutSkipping()).toMatchObject({ outcome: 'completed' });
  };
  const makingAt = (scene: ScriptedTask) => scene.callsOf('createAccount')[0]!.at;

  test('lets accounts be made in the order of their tasks, and each so long after the last', async () => {
    lab.enable('paced.test', { every: '60s' });
    const scenes = Array.from({ length: 4 }, () => lab.scene({}, { domain: 'paced.test' }));
    for (const scene of scenes) {
      await scene.start();
      await expect.poll(() => scene.callsOf('requestPermit')[0]?.answer, { timeout: 10_000 }).toBeDefined();
    }
    for (const scene of scenes) expect(await scene.end()).toMatchObject({ outcome: 'completed' });
    const times = scenes.map(makingAt);
    for (const [place, time] of times.slice(1).entries())
      expect(time - times[place]!).toBeGreaterThanOrEqual(60 * second);
  });

  test('takes a permit back that nobody gives back, when its lease is over', async () => {
    lab.enable('slow.test', { every: '1d' });
    await runWithoutSkipping(lab.scene({}, { domain: 'slow.test' }));
    const holder = lab.scene({}, { domain: 'slow.test' });
    await holder.start();
    await expect.poll(() => holder.waitsForPermit(), { timeout: 10_000 }).toBe(true);
    const { workflowId } = holder.handle;
    const { runId } = await holder.handle.describe();

    lab.enable('left.test', { every: '60s' });
    const request = { permitId: 'lost', workflowId, runId, creating: true, leaseMs: 570 * second };
    await askForPermit(lab.client, 'left.test', { ...request, every: 60 * second, atOnce: 1 });
    const asked = await lab.env.currentTimeMs();
    const next = lab.scene({}, { domain: 'left.test' });
    expect(await next.run()).toMatchObject({ outcome: 'completed' });
    expect(makingAt(next) - asked).toBeGreaterThanOrEqual((570 + 60) * second - 100);
    expect(makingAt(next) - asked).toBeLessThan((570 + 90) * second);
  });

  test('gives the turn of a workflow that is gone to the next one', async () => {
    lab.enable('gone.test', { every: '60s' });
    await runWithoutSkipping(lab.scene({}, { domain: 'gone.test' }));
    const [gone, next] = [lab.scene({}, { domain: 'gone.test' }), lab.scene({}, { domain: 'gone.test' })];
    for (const scene of [gone, next]) {
      await scene.start();
      await expect.poll(() => scene.waitsForPermit(), { timeout: 10_000 }).toBe(true);
    }
    await gone.handle.terminate();
    const before = await lab.env.currentTimeMs();
    expect(await next.end()).toMatchObject({ outcome: 'completed' });
    expect(makingAt(next) - before).toBeLessThan(70 * second);
  });

  test('stays open until the pace is kept, then closes; the next wish opens it anew', async () => {
    lab.enable('quiet.test', { every: '60s' });
    const runOf = async () => (await lab.client.workflow.getHandle(siteGateId('quiet.test')).describe()).runId;
    const [first, next, last] = [
      lab.scene({}, { domain: 'quiet.test' }),
      lab.scene({}, { domain: 'quiet.test' }),
      lab.scene({}, { domain: 'quiet.test' }),
    ];
    await runWithoutSkipping(first);
    const run = await runOf();
    await next.run();
    expect(await runOf()).toBe(run);
    expect(makingAt(next) - makingAt(first)).toBeGreaterThanOrEqual(60 * second);

    await lab.env.sleep(61 * second);
    await expect
      .poll(async () => (await lab.client.workflow.getHandle(siteGateId('quiet.test')).describe()).status.name)
      .toBe('COMPLETED');
    const before = await lab.env.currentTimeMs();
    await last.run();
    expect(await runOf()).not.toBe(run);
    expect(makingAt(last) - before).toBeLessThan(10 * second);
  });
});

describe('a site that answers 429', () => {
  let lab: WorkflowServer;
  beforeAll(async () => {
    lab = await startWorkflowServer();
  });
  afterEach(() => lab.replay());
  afterAll(() => lab.close());

  /** Fails its first step so, and succeeds at the next. */
  function failingOnce(error: Error): Script {
    let failed = false;
    return {
      createAccount: () => {
        if (failed) return { session };
        failed = true;
        throw error;
      },
    };
  }

  test('is left alone by every task until the time it asked for is over, and the other sites are not', async () => {
    lab.enable('busy.test', { every: '0s', atOnce: 4 });
    const busy = lab.scene(failingOnce(stepFailure(new SiteDown('429', 600 * second), false)), { domain: 'busy.test' });
    await busy.start();
    await expect
      .poll(() => readGate(lab.client, 'busy.test'), { timeout: 10_000 })
      .toMatchObject({ reason: 'overloaded' });
    const asked = await lab.env.currentTimeMs();
    const next = lab.scene({}, { domain: 'busy.test' });
    await next.start();
    const other = lab.scene();
    await other.start();
    expect(await other.endWithoutSkipping()).toMatchObject({ outcome: 'completed' });
    expect(next.callsOf('createAccount')).toEqual([]);
    for (const scene of [next, busy]) expect(await scene.end()).toMatchObject({ outcome: 'completed' });
    for (const scene of [next, busy])
      expect(scene.callsOf('createAccount').at(-1)!.at - asked).toBeGreaterThanOrEqual(590 * second);
  });

  test('is opened again by hand, and can be paused by hand', async () => {
    lab.enable('hand.test', { every: '0s' });
    await pausePace(lab.client, 'hand.test');
    const scene = lab.scene({}, { domain: 'hand.test' });
    await scene.start();
    await expect
      .poll(() => readGate(lab.client, 'hand.test'), { timeout: 10_000 })
      .toEqual({ out: 0, waiting: 1, pausedUntil: 'forever', reason: 'by hand' });
    expect(await withoutQuery(lab.client, () => readGate(lab.client, 'hand.test'))).toMatchObject({ waiting: 1 });
    expect(scene.callsOf('createAccount')).toEqual([]);
    expect(await resumePace(lab.client, 'hand.test')).toBe(true);
    expect(await scene.endWithoutSkipping()).toMatchObject({ outcome: 'completed' });
    expect(await resumePace(lab.client, 'nobody.test')).toBe(false);
  });
});

describe('a step that no worker takes', () => {
  let lab: WorkflowServer;
  beforeEach(async () => {
    lab = await startWorkflowServer({ browserLater: true });
  });
  afterEach(async () => {
    await lab.replay();
    await lab.close();
  });

  /** Waits until the step is on its queue for the given time, and lets the time pass in which a worker may take it. */
  async function leaveOnQueue(scene: ScriptedTask, times: number) {
    const isStep = ({
      activityTaskScheduledEventAttributes: scheduled,
    }: {
      activityTaskScheduledEventAttributes?: { activityType?: { name?: string | null } | null } | null;
    }) => scheduled?.activityType?.name === 'createAccount';
    await expect
      .poll(async () => (await scene.handle.fetchHistory()).events!.filter(isStep).length, { timeout: 10_000 })
      .toBe(times);
    // The server skips no time for a step on its queue; the second sleep stands in for that one.
    await Promise.all([lab.env.sleep(301 * second), lab.env.sleep(301 * second)]);
  }

  test('gives its permit back and asks for another, until one does; none of it counts as a try', async () => {
    const scene = lab.scene();
    await scene.start();
    for (const times of [1, 2, 3]) {
      await leaveOnQueue(scene, times);
      await lab.env.sleep(times * 60 * second);
    }
    await lab.startBrowser();
    expect(await scene.end()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('createAccount')).toHaveLength(1);
    expect(scene.callsOf('lookFor')).toEqual([]);
    expect(scene.report().call).toBe('complete');
  });

  test('has made nothing that a cancellation would have to look for', async () => {
    const scene = lab.scene();
    await scene.start();
    await leaveOnQueue(scene, 1);
    await scene.handle.cancel();
    expect(await scene.endWithoutSkipping()).toMatchObject({ outcome: 'register_failed', failure: 'Cancelled' });
    expect(scene.report().body.error_message).toBe('cancelled');
  });
});

// Only the ordinary server can be told to suggest a new run early.
describe('a gate with a long history', () => {
  const keys = makeKeys();
  let lab: WorkflowServer;
  beforeAll(async () => {
    lab = await startWorkflowServer({
      keys,
      realTime: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=15'],
    });
  });
  afterAll(() => lab.close());

  /** What a run began with; undefined for a gate that a wish opened. */
  async function readCarried({ events }: Run['history']): Promise<GateState | undefined> {
    const started = events![0]!.workflowExecutionStartedEventAttributes!;
    const [payload] = await new EncryptionCodec(keys).decode(started.input?.payloads ?? []);
    return payload && (JSON.parse(Buffer.from(payload.data!).toString('utf8')) as GateState);
  }

  test('goes on as a new run with those that wait and those that hold a permit', async () => {
    lab.enable('busy.test', { every: '1ms' });
    const gate = lab.client.workflow.getHandle(siteGateId('busy.test'));
    const isNewRun = async () =>
      Boolean((await gate.fetchHistory()).events![0]!.workflowExecutionStartedEventAttributes!.continuedExecutionRunId);
    const order: string[] = [];
    let letGo: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const createAccount = async ({ id }: { id: string }) => {
      order.push(id);
      await held;
      return { session };
    };
    const scenes = Array.from({ length: 4 }, () => lab.scene({ createAccount }, { domain: 'busy.test' }));
    for (const scene of scenes) {
      await scene.start();
      await expect.poll(() => scene.callsOf('requestPermit')[0]?.answer, { timeout: 10_000 }).toBeDefined();
    }
    await expect.poll(isNewRun, { timeout: 10_000 }).toBe(true);
    letGo();
    for (const scene of scenes) expect(await scene.end()).toMatchObject({ outcome: 'completed' });
    expect(order).toEqual(scenes.map(({ role }) => role.fields.id));

    const runs = await lab.takeRuns();
    const carried = await Promise.all(
      runs
        .filter(({ workflowId }) => workflowId === siteGateId('busy.test'))
        .map(({ history }) => readCarried(history)),
    );
    expect(carried.some((state) => state && state.holders.length > 0 && state.queue.length > 0)).toBe(true);
    await lab.replay(runs);
  });
});
