import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { podcastRequestId, siteGateId } from '../../temporal/workflow-ids.ts';
import { isMain, PodcastBook } from '../support/podcast-book.ts';
import { findEarlySubs, readChildSteps } from '../support/podcast-order.ts';
import { session } from '../support/scripted-task.ts';
import { makeKeys, startWorkflowServer, type WorkflowServer } from '../support/workflow-server.ts';

const keys = makeKeys();
const hour = 3_600_000;

// Only the ordinary server tells a parent of a child's termination, and can be told to suggest a new run early.
describe('on the ordinary server, a request', () => {
  let realTime: WorkflowServer;
  beforeAll(async () => {
    realTime = await startWorkflowServer({
      keys,
      realTime: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=40'],
    });
  });
  afterAll(() => realTime.close());

  test('tells of a task whose workflow was terminated', async () => {
    let open!: () => void;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const createAccount = async () => {
      await opened;
      return { session };
    };
    const book = new PodcastBook(realTime, 'terminated', { main: { createAccount } });
    await book.dispatch();
    await expect.poll(() => book.scenes.get('main')!.callsOf('createAccount').length, { timeout: 10_000 }).toBe(1);
    await book.scenes.get('main')!.handle.terminate();
    open();
    expect(await book.parent.end()).toMatchObject({ outcome: 'incomplete', tasks: { [book.task('main').id]: 'lost' } });
    // It would hold on to the lost permit for its lease, in real time.
    await realTime.client.workflow.getHandle(siteGateId(book.task('main').domain)).terminate();
    await realTime.replay();
  });

  test('with a long history goes on as a new run once no task is at work, with those that wait and what has ended', async () => {
    const subs = Array.from({ length: 8 }, (_, index) => `long${index}`);
    const book = new PodcastBook(realTime, 'long', {
      main: {},
      ...Object.fromEntries(subs.map((domain) => [domain, {}])),
    });
    await book.dispatch(book.list(), { mainWaitMs: hour, atOnce: 2 });
    expect(await book.parent.end()).toMatchObject({
      outcome: 'completed',
      tasks: { [book.task('main').id]: 'completed', [book.task('long7').id]: 'completed' },
    });
    const runs = await realTime.takeRuns();
    await realTime.replay(runs);
    const own = runs.filter(({ workflowId }) => workflowId === podcastRequestId(book.requestId));
    expect(own.length).toBeGreaterThan(1);
    const steps = await readChildSteps(
      own.map(({ history }) => history),
      keys,
    );
    expect(findEarlySubs(steps, (id) => isMain(id.split('-').at(-1)!))).toEqual([]);
    expect(steps.filter(({ did }) => did === 'started')).toHaveLength(9);
  });
});
