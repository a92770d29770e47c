import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { tasksWait } from '../../contracts/workflows.ts';
import { AlreadyExists } from '../../sites/kit/errors.ts';
import { podcastRequestId, taskWorkflowId } from '../../temporal/workflow-ids.ts';
import { isMain, PodcastBook } from '../support/podcast-book.ts';
import { findEarlySubs, readChildSteps } from '../support/podcast-order.ts';
import { type Script, session, stepFailure, untilCancelled } from '../support/scripted-task.ts';
import { withoutQuery } from '../support/without-query.ts';
import { makeKeys, type Run, startWorkflowServer, type WorkflowServer } from '../support/workflow-server.ts';

const keys = makeKeys();
const hour = 3_600_000;

let lab: WorkflowServer;
beforeAll(async () => {
  lab = await startWorkflowServer({ keys });
});
afterEach(() => lab.replay());
afterAll(() => lab.close());

let books = 0;
function openBook(scripts: Record<string, Script>, options?: { withholds?: boolean; retries?: number }): PodcastBook {
  return new PodcastBook(lab, `book-${++books}`, scripts, options);
}

const isMainTask = (id: string) => isMain(id.split('-').at(-1)!);

/** The request's own runs among those that were taken, and what they did with their children. */
async function readSteps(book: PodcastBook, runs: Run[]) {
  const own = runs.filter(({ workflowId }) => workflowId === podcastRequestId(book.requestId));
  return readChildSteps(
    own.map(({ history }) => history),
    keys,
  );
}

/** Replays what ran, and says in what order the children did. */
async function takeSteps(book: PodcastBook) {
  const runs = await lab.takeRuns();
  await lab.replay(runs);
  return readSteps(book, runs);
}

const allCompleted = (book: PodcastBook) => Object.fromEntries(book.tasks.map(({ id }) => [id, 'completed']));
const taken: Script = {
  createAccount: () => {
    throw stepFailure(new AlreadyExists('This username is taken.'), false);
  },
};

/** A gate in a script: the step waits there until it is opened. */
function makeGate(): { open: () => void; passed: Promise<void>; reached: Promise<void>; reach: () => void } {
  let open!: () => void;
  let reach!: () => void;
  const passed = new Promise<void>((resolve) => (open = resolve));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  return { open, passed, reached, reach };
}

function heldAtSignUp(gate: ReturnType<typeof makeGate>): Script {
  return {
    createAccount: async () => {
      gate.reach();
      await gate.passed;
      return { session };
    },
  };
}

describe('no sub-site is begun before a main site has completed', () => {
  test('when the main site’s task comes first', async () => {
    const book = openBook({ main: {}, a: {}, b: {} });
    expect(await book.dispatch()).toBe('started');
    expect(await book.parent.end()).toEqual({ outcome: 'completed', tasks: allCompleted(book) });
    const steps = await takeSteps(book);
    expect(findEarlySubs(steps, isMainTask)).toEqual([]);
    expect(steps.filter(({ did }) => did === 'started').map(({ id }) => id)).toEqual(book.tasks.map(({ id }) => id));
  });

  test('when the sub-sites’ tasks come first', async () => {
    const book = openBook({ c: {}, d: {}, main: {} });
    await book.dispatch();
    expect(await book.parent.end()).toEqual({ outcome: 'completed', tasks: allCompleted(book) });
    expect(findEarlySubs(await takeSteps(book), isMainTask)).toEqual([]);
  });

  test('when the manager withholds the sub-sites’ tasks until then; they join the same run', async () => {
    const book = openBook({ main: {}, e: {}, f: {} }, { withholds: true });
    await book.dispatch();
    expect(await book.parent.end()).toEqual({ outcome: 'completed', tasks: allCompleted(book) });
    const steps = await takeSteps(book);
    expect(findEarlySubs(steps, isMainTask)).toEqual([]);
    expect(steps.filter(({ did }) => did === 'started')).toHaveLength(3);
  });

  test('when the main site fails and is queued again, twice', async () => {
    let failures = 2;
    const book = openBook(
      {
        main: {
          createAccount: () => {
            if (failures-- > 0) throw stepFailure(new AlreadyExists('This username is taken.'), false);
            return { session };
          },
        },
        g: {},
      },
      { retries: 2 },
    );
    await book.dispatch();
    expect(await book.parent.end()).toEqual({ outcome: 'completed', tasks: allCompleted(book) });
    const steps = await takeSteps(book);
    expect(steps.map(({ did, id, outcome }) => `${did} ${id.split('-').at(-1)} ${outcome ?? ''}`.trim())).toEqual([
      'started main',
      'ended main failed',
      'started main',
      'ended main failed',
      'started main',
      'ended main completed',
      'started g',
      'ended g completed',
    ]);
  });

  test('when there are several main sites: the first that completes lets the sub-sites begin', async () => {
    const gate = makeGate();
    const book = openBook({ main: taken, main2: {}, h: { importFeed: () => (gate.reach(), { session }) } });
    await book.dispatch();
    await gate.reached;
    expect(await book.parent.end()).toMatchObject({ outcome: 'incomplete', reason: '1 of 3 tasks did not complete' });
    expect(findEarlySubs(await takeSteps(book), isMainTask)).toEqual([]);
  });
});

describe('sub-sites', () => {
  test('are worked off side by side, as many at once as set', async () => {
    let acting = 0;
    let most = 0;
    const three = makeGate();
    const importFeed = async () => {
      most = Math.max(most, ++acting);
      if (acting === 3) three.open();
      // None ends before three are there; one more than is set would show within this while.
      await three.passed;
      await new Promise((resolve) => setTimeout(resolve, 50));
      acting--;
      return { session };
    };
    const book = openBook({
      main: {},
      ...Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`side${index}`, { importFeed }])),
    });
    await book.dispatch(book.list(), { mainWaitMs: hour, atOnce: 3 });
    expect(await book.parent.end()).toMatchObject({ outcome: 'completed' });
    expect(most).toBe(3);
  });

  test('that come without a feed and without a main site start nothing', async () => {
    const book = openBook({ main: {}, i: {} });
    const bare = book.list().filter(({ main }) => !main);
    expect(await book.dispatch(bare)).toBe('waiting');
    await expect(book.parent.handle.describe()).rejects.toThrow();
  });

  test('that come without a feed join a run that is open', async () => {
    const gate = makeGate();
    const book = openBook({ main: heldAtSignUp(gate), j: {} });
    const [main, bare] = book.list();
    expect(await book.dispatch([main!])).toBe('started');
    await gate.reached;
    expect(await book.dispatch([bare!])).toBe('open');
    gate.open();
    expect(await book.parent.end()).toEqual({ outcome: 'completed', tasks: allCompleted(book) });
    expect(findEarlySubs(await takeSteps(book), isMainTask)).toEqual([]);
  });

  test('whose main site was done before begin without it', async () => {
    const book = openBook({ main: {}, k: {} });
    book.task('main').status = 'completed';
    expect(await book.dispatch()).toBe('started');
    expect(await book.parent.end()).toEqual({ outcome: 'completed', tasks: { [book.task('k').id]: 'completed' } });
  });

  test('are left unstarted, and never failed, when no main site completes in time; the pulls for it become ever rarer', async () => {
    const book = openBook({ main: taken, l: {} });
    await book.dispatch();
    const sub = book.task('l');
    expect(await book.parent.end()).toEqual({
      outcome: 'incomplete',
      reason: '1 sub-sites were left unstarted: no main site brought a feed in 24 hours',
      tasks: { [book.task('main').id]: 'failed', [sub.id]: 'waiting' },
    });
    const { startTime, closeTime } = await book.parent.handle.describe();
    expect(Math.round((closeTime!.getTime() - startTime.getTime()) / hour)).toBe(24);
    expect(sub.status).toBe('pending');
    const pulls = book.parent.callsOf('pullRequest').map(({ at }) => at);
    const pauses = pulls.slice(1).map((at, index) => Math.round((at - pulls[index]!) / 60_000));
    expect(pauses.slice(0, 5)).toEqual([2, 4, 8, 16, 30]);
    expect(pulls.length).toBeLessThan(60);
  });

  test('whose task was deleted meanwhile are not waited for', async () => {
    const gate = makeGate();
    const book = openBook({ main: heldAtSignUp(gate), m: {} });
    await book.dispatch();
    await gate.reached;
    const gone = book.task('m');
    gone.status = 'deleted';
    gate.open();
    expect(await book.parent.end()).toMatchObject({ outcome: 'incomplete', tasks: { [gone.id]: 'left: gone' } });
  });
});

describe('a request', () => {
  test('is not told again of what it knows, so that its history does not grow with every pull', async () => {
    const gate = makeGate();
    const book = openBook({ main: heldAtSignUp(gate), n: {} });
    await book.dispatch();
    await gate.reached;
    for (let pull = 0; pull < 3; pull++) expect(await withoutQuery(lab.client, () => book.dispatch())).toBe('open');
    const { memo } = await book.parent.handle.describe();
    expect(memo).toEqual({ known: Object.fromEntries(book.tasks.map(({ id }) => [id, { hasFeed: false }])) });
    const { events } = await book.parent.handle.fetchHistory();
    expect(events!.filter((event) => event.workflowExecutionSignaledEventAttributes)).toHaveLength(1);
    gate.open();
    expect(await book.parent.end()).toMatchObject({ outcome: 'completed' });
  });

  test('waits for a task’s workflow that is open already, whoever opened it', async () => {
    const gate = makeGate();
    const book = openBook({ main: heldAtSignUp(gate), o: {} });
    await book.scenes.get('main')!.start();
    await gate.reached;
    let asked: () => void;
    const asking = new Promise<void>((resolve) => (asked = resolve));
    const workflowId = taskWorkflowId('podcast', book.task('main').id);
    book.parent.play({
      awaitWorkflow: async (id) => {
        expect(id).toBe(workflowId);
        asked();
        return book.scenes.get('main')!.endWithoutSkipping();
      },
    });
    await book.dispatch(book.tasks.map((task) => book.describe(task)));
    await asking;
    gate.open();
    expect(await book.parent.end()).toEqual({ outcome: 'completed', tasks: allCompleted(book) });
  });

  test('that is cancelled cancels its tasks, waits for their reports, and starts no more', async () => {
    const reached = makeGate();
    const book = openBook({
      main: {
        createAccount: async () => {
          reached.reach();
          await untilCancelled();
          throw stepFailure(new Error('cancelled'), false, true);
        },
      },
      p: {},
    });
    await book.dispatch();
    await reached.reached;
    await book.parent.handle.cancel();
    await expect(book.parent.end()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(book.task('main').status).toBe('failed');
    expect(book.task('p').status).toBe('pending');
  });

  test('that is terminated leaves its tasks at work; the next pull opens it anew and it waits for them', async () => {
    const gate = makeGate();
    const book = openBook({ main: heldAtSignUp(gate), q: {} });
    await book.dispatch();
    await gate.reached;
    await book.parent.handle.terminate();
    book.parent.play({ awaitWorkflow: () => book.scenes.get('main')!.endWithoutSkipping() });
    expect(await book.dispatch(book.tasks.map((task) => book.describe(task)))).toBe('started');
    gate.open();
    expect(await book.parent.end()).toEqual({ outcome: 'completed', tasks: allCompleted(book) });
  });

  test('is opened anew by a task that is queued again after its end', async () => {
    const book = openBook({ main: {}, r: taken });
    await book.dispatch();
    expect(await book.parent.end()).toMatchObject({ outcome: 'incomplete' });
    expect(await book.dispatch()).toBe('waiting');
    book.task('r').status = 'pending';
    expect(await book.dispatch()).toBe('started');
    expect(await book.parent.end()).toMatchObject({ outcome: 'incomplete', tasks: { [book.task('r').id]: 'failed' } });
  });

  test('that hears of a task that is done leaves what it knows of it', async () => {
    const book = openBook({ main: {}, s: {} });
    const early = book.list();
    const gate = makeGate();
    book.scenes.get('s')!.play(heldAtSignUp(gate));
    await book.dispatch();
    await gate.reached;
    await book.parent.handle.signal(tasksWait, early);
    gate.open();
    expect(await book.parent.end()).toEqual({ outcome: 'completed', tasks: allCompleted(book) });
  });
});
