import { ApplicationFailure } from '@temporalio/activity';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { entityTask } from '../../contracts/entity.ts';
import { socialTask } from '../../contracts/social.ts';
import type { AccountLookup } from '../../contracts/step-results.ts';
import { type Workflows, workflows } from '../../contracts/workflows.ts';
import { Challenge } from '../../sites/kit/errors.ts';
import { startTask } from '../../temporal/start-task.ts';
import { taskQueues } from '../../temporal/task-queues.ts';
import { PodcastBook } from '../support/podcast-book.ts';
import {
  feedUrl,
  mainDomains,
  type Outcome,
  type Script,
  type ScriptedName,
  type ScriptedTask,
  session,
  stepFailure,
  untilCancelled,
} from '../support/scripted-task.ts';
import { startWorkflowServer, type WorkflowServer } from '../support/workflow-server.ts';

const [mainDomain] = mainDomains as [string];

let lab: WorkflowServer;
beforeAll(async () => {
  lab = await startWorkflowServer();
  lab.enable(mainDomain, { every: '0s', atOnce: 10 });
});
afterEach(() => lab.replay());
afterAll(() => lab.close());

const second = 1_000;
const minute = 60 * second;
const day = 86_400 * second;
const attemptTime = 4 * minute;
const stepTime = 5 * minute;
const linkWanted = { kind: 'link' as const, from: ['site.test'] };
const foundSession = JSON.stringify({ cookies: [{ name: 'sid', value: 'found' }], origins: [] });
const ours = (): AccountLookup => ({ state: 'ours', session: foundSession, profileUrl: 'https://site.test/u/brand' });

/** A task that the manager has in this status, whatever it is read in. */
function taskIn(
  status: string,
  flow: 'social' | 'entity',
  phase: 'register' | 'connect',
  script: Script = {},
): ScriptedTask {
  const scene: ScriptedTask = lab.scene(
    {
      readTask: (_flow, _id, asked) =>
        asked === status
          ? { kind: 'task', task: socialTask.parse(scene.role.fields) }
          : { kind: 'left', reason: 'stale' },
      readConnectTask: (_id, asked) =>
        asked === status
          ? { kind: 'task', task: entityTask.parse(scene.role.fields) }
          : { kind: 'left', reason: 'stale' },
      ...script,
    },
    { flow, status: phase },
  );
  return scene;
}

const registering = (script?: Script, flow: 'social' | 'entity' = 'social') =>
  taskIn('registering', flow, 'register', script);
const mainSite = (script: Script = {}) => lab.scene(script, { flow: 'podcast', domain: mainDomain });
const subSite = (script: Script = {}) => lab.scene(script, { flow: 'podcast', fields: { link_rss: feedUrl } });

async function startAdopting({ role: { flow, status, fields }, handle }: ScriptedTask): Promise<void> {
  if (flow === 'podcast') {
    await lab.client.workflow.start<Workflows['podcastAccount']>(workflows.podcastAccount.name, {
      workflowId: handle.workflowId,
      taskQueue: taskQueues.workflows,
      args: [fields.id, true],
    });
  } else if (flow !== 'podcast-request') {
    await startTask(lab.client, flow, {
      id: fields.id,
      status,
      adopted: true,
      domain: fields.domain,
      requestId: fields.request_id,
    });
  }
}

async function adopt(scene: ScriptedTask): Promise<Outcome> {
  await startAdopting(scene);
  return scene.end();
}

const namesOf = (scene: ScriptedTask) => scene.calls.map(({ name }) => name);
/** The looks and the attempts, in their order. */
const looksAndAttempts = (scene: ScriptedTask) => scene.callsOf('lookFor', 'createAccount').map(({ name }) => name);

/** A site that makes the account, loses the answer, and at first shows nothing of either. */
function makeBlindSite() {
  let accounts = 0;
  let sees = false;
  const sighting = (): AccountLookup => (accounts > 0 ? ours() : { state: 'absent' });
  const script: Script = {
    createAccount: () => {
      accounts += 1;
      throw stepFailure(new Error('the answer was lost'), true);
    },
    lookFor: () => (sees ? sighting() : { state: 'unknown' }),
  };
  return {
    script,
    accounts: () => accounts,
    /** Terminates the task's workflow between its two looks, when no step of it is at work. */
    async terminate(scene: ScriptedTask): Promise<void> {
      const waits = async () =>
        (await scene.handle.fetchHistory()).events!.some(
          (event) =>
            event.timerStartedEventAttributes?.startToFireTimeout?.seconds?.toString() === String(attemptTime / second),
        );
      await expect.poll(waits, { timeout: 10_000 }).toBe(true);
      await scene.handle.terminate();
      sees = true;
    },
  };
}

describe.each(['social', 'entity'] as const)('%s: an adopted register phase', (flow) => {
  test('sends no start, finds the existing account, fills in its profile and reports it under its working status', async () => {
    const scene = registering({ lookFor: ours }, flow);
    expect(await adopt(scene)).toEqual({ outcome: 'completed', profileUrl: scene.profileUrl });
    const { id } = scene.role.fields;
    expect(namesOf(scene)).toEqual([
      'readTask',
      'markMailbox',
      'requestPermit',
      'lookFor',
      'requestPermit',
      'updateProfile',
      'completeTask',
    ]);
    expect(scene.callsOf('readTask')[0]!.args).toEqual([flow, id, 'registering']);
    expect(scene.callsOf('updateProfile')[0]!.args[1]).toBe(foundSession);
    expect(scene.callsOf('completeTask')[0]!.args.slice(0, 3)).toEqual([flow, id, 'registering']);
    expect(scene.report().call).toBe('complete');
  });

  test.each(['register', 'completed', 'final_failed'])(
    'that is %s is left alone, and nothing is sent',
    async (status) => {
      const scene = taskIn(status, flow, 'register');
      expect(await adopt(scene)).toEqual({ outcome: 'left', reason: 'stale' });
      expect(namesOf(scene)).toEqual(['readTask']);
    },
  );
});

describe('an account that a terminated workflow was making', () => {
  test('and has made by then is not made again', async () => {
    const site = makeBlindSite();
    let status = 'register';
    const scene = registering({
      ...site.script,
      readTask: (_flow, _id, asked) =>
        asked === status
          ? { kind: 'task', task: socialTask.parse(scene.role.fields) }
          : { kind: 'left', reason: 'stale' },
      startTask: () => {
        status = 'registering';
        return { kind: 'applied' };
      },
    });
    await scene.start();
    await site.terminate(scene);
    expect(await adopt(scene)).toMatchObject({ outcome: 'completed' });
    expect(looksAndAttempts(scene)).toEqual(['createAccount', 'lookFor', 'lookFor']);
    expect(scene.callsOf('startTask')).toHaveLength(1);
    expect(site.accounts()).toBe(1);
    expect(scene.report().call).toBe('complete');
  });

  test('and makes after the first look is found when its time is over', async () => {
    const sightings: AccountLookup[] = [{ state: 'absent' }, ours()];
    const scene = registering({ lookFor: () => sightings.shift()! });
    expect(await adopt(scene)).toMatchObject({ outcome: 'completed' });
    expect(looksAndAttempts(scene)).toEqual(['lookFor', 'lookFor']);
    const [early, late] = scene.callsOf('lookFor').map(({ at }) => at);
    expect(late! - early!).toBeGreaterThanOrEqual(attemptTime);
  });
});

describe('an account that is absent', () => {
  test('is made only after an attempt’s time, with the mailbox marked anew', async () => {
    const stand = { uidValidity: '1', uidNext: 7, markedAt: 0 };
    const scene = registering({
      markMailbox: () => ({ mark: stand }),
      createAccount: () => ({ session, awaiting: linkWanted }),
    });
    expect(await adopt(scene)).toMatchObject({ outcome: 'completed' });
    expect(looksAndAttempts(scene)).toEqual(['lookFor', 'lookFor', 'createAccount']);
    const [early, late] = scene.callsOf('lookFor').map(({ at }) => at);
    expect(late! - early!).toBeGreaterThanOrEqual(attemptTime);
    const names = namesOf(scene).filter((name) => name !== 'requestPermit');
    expect(names.slice(0, 6)).toEqual([
      'readTask',
      'markMailbox',
      'lookFor',
      'lookFor',
      'markMailbox',
      'createAccount',
    ]);
    expect(scene.callsOf('awaitMail')[0]!.args[1]).toEqual(stand);
  });

  test('is looked for again when the attempt at it is lost', async () => {
    const sightings: AccountLookup[] = [{ state: 'absent' }, { state: 'absent' }, ours()];
    const scene = registering({
      createAccount: () => {
        throw stepFailure(new Error('the answer was lost'), true);
      },
      lookFor: () => sightings.shift()!,
    });
    expect(await adopt(scene)).toMatchObject({ outcome: 'completed' });
    expect(looksAndAttempts(scene)).toEqual(['lookFor', 'lookFor', 'createAccount', 'lookFor']);
  });
});

describe('an account of which nobody can tell', () => {
  test.each(['unknown', 'taken'] as const)(
    'is not made, and is reported as undecided, when it stays %s',
    async (state) => {
      const scene = registering({ lookFor: () => ({ state }) });
      expect(await adopt(scene)).toMatchObject({ outcome: 'register_failed', failure: 'OutcomeUnknown' });
      expect(scene.report().body).toMatchObject({
        status: 'register_failed',
        error_message: expect.stringMatching(/^outcome unknown: .*earlier workflow/) as string,
      });
      expect(scene.callsOf('lookFor')).toHaveLength(2);
      expect(scene.callsOf('createAccount')).toEqual([]);
    },
  );

  test('is reported as undecided when the site lets nobody look', async () => {
    const scene = registering({
      lookFor: () => {
        throw stepFailure(new Challenge('verify that you are human'), false);
      },
    });
    expect(await adopt(scene)).toMatchObject({ outcome: 'register_failed', failure: 'OutcomeUnknown' });
    expect(scene.report().body.error_message).toBe('outcome unknown: verify that you are human');
    expect(scene.callsOf('createAccount')).toEqual([]);
  });
});

describe('the mail of a sign-up whose workflow was terminated', () => {
  test('counts although it came before the task was adopted', async () => {
    const scene = registering({
      lookFor: () => ({ state: 'unconfirmed', awaiting: linkWanted, session: foundSession }),
    });
    expect(await adopt(scene)).toMatchObject({ outcome: 'completed' });
    const [awaited] = scene.callsOf('awaitMail');
    const mark = awaited!.args[1] as { uidValidity: string; markedAt: number };
    expect(mark.uidValidity).toBe('');
    expect(awaited!.at - mark.markedAt).toBeGreaterThanOrEqual(7 * day - minute);
    expect(scene.callsOf('confirmEmail')[0]!.args[1]).toBe(foundSession);
    expect(scene.callsOf('createAccount')).toEqual([]);
  });

  test('shows the account of a site that hides it', async () => {
    const scene = registering({
      lookFor: () => ({ state: 'unknown', awaiting: linkWanted }),
      findMail: (_task, mark) =>
        mark.uidValidity === '' ? { kind: 'link', value: 'https://site.test/confirm' } : undefined,
    });
    expect(await adopt(scene)).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('confirmEmail')).toHaveLength(1);
    expect(scene.callsOf('createAccount')).toEqual([]);
  });

  test('can not be waited for in a mailbox that can not be read', async () => {
    const scene = registering({
      lookFor: () => ({ state: 'unconfirmed', awaiting: linkWanted }),
      markMailbox: () => ({ unreadable: 'the mail server refused the password' }),
    });
    expect(await adopt(scene)).toMatchObject({ outcome: 'register_failed', failure: 'MailboxRefused' });
    expect(scene.report().body.error_message).toBe('unconfirmed: the mail server refused the password');
  });
});

describe('a cancellation of an adopted task', () => {
  /** Asks for its workflow's cancellation and ends with it, as a browser step does; from then on the site shows this. */
  function cancelIn(scene: ScriptedTask, step: ScriptedName, after: Script): ScriptedTask {
    scene.play({
      [step]: async () => {
        scene.play(after);
        await scene.handle.cancel();
        await untilCancelled();
        throw stepFailure(new Error('cancelled'), false, true);
      },
    });
    return scene;
  }

  test.each<[AccountLookup['state'], object]>([
    ['absent', { outcome: 'register_failed', failure: 'Cancelled', reason: 'cancelled' }],
    ['ours', { outcome: 'profile_failed', failure: 'Cancelled', reason: 'cancelled' }],
    ['unknown', { outcome: 'register_failed', failure: 'OutcomeUnknown', reason: 'outcome unknown: cancelled' }],
  ])('in the first look is reported after another, by which the account is %s', async (state, end) => {
    const scene = cancelIn(registering(), 'lookFor', { lookFor: () => ({ state }) });
    expect(await adopt(scene)).toEqual(end);
    expect(scene.report().call).toBe('fail');
    expect(scene.callsOf('createAccount')).toEqual([]);
  });

  test('when the task was read by then is reported as well, since it was started', async () => {
    const scene = registering({
      readTask: async () => {
        await scene.handle.cancel();
        await untilCancelled();
        return { kind: 'task', task: socialTask.parse(scene.role.fields) };
      },
    });
    expect(await adopt(scene)).toMatchObject({ outcome: 'register_failed', failure: 'Cancelled' });
    expect(scene.report().body.error_message).toBe('cancelled');
    expect(looksAndAttempts(scene)).toEqual(['lookFor', 'lookFor']);
  });
});

describe('an adopted connect phase', () => {
  test('sends no start, puts the links on the profile, and reports under its working status', async () => {
    const scene = taskIn('connecting', 'entity', 'connect');
    expect(await adopt(scene)).toEqual({ outcome: 'completed', profileUrl: scene.profileUrl });
    const { id } = scene.role.fields;
    expect(namesOf(scene)).toEqual([
      'readConnectTask',
      'markMailbox',
      'requestPermit',
      'signIn',
      'requestPermit',
      'addLinks',
      'completeTask',
    ]);
    expect(scene.callsOf('readConnectTask')[0]!.args).toEqual([id, 'connecting']);
    expect(scene.callsOf('completeTask')[0]!.args.slice(0, 3)).toEqual(['entity', id, 'connecting']);
  });

  test.each(['connect', 'completed', 'connect_failed'])(
    'that is %s is left alone, and nothing is sent',
    async (status) => {
      const scene = taskIn(status, 'entity', 'connect');
      expect(await adopt(scene)).toEqual({ outcome: 'left', reason: 'stale' });
      expect(namesOf(scene)).toEqual(['readConnectTask']);
    },
  );
});

describe('an adopted podcast task', () => {
  test.each<[string, (script: Script) => ScriptedTask, ScriptedName]>([
    ['a main site', mainSite, 'makeShow'],
    ['a sub-site', subSite, 'importFeed'],
  ])(
    'of %s looks for its account first, and goes on when a step of before would have ended',
    async (_which, site, step) => {
      const scene = site({ lookFor: ours });
      expect(await adopt(scene)).toMatchObject({ outcome: 'completed' });
      expect(scene.callsOf('startTask')).toHaveLength(1);
      expect(looksAndAttempts(scene)).toEqual(['lookFor']);
      const [made] = scene.callsOf(step);
      expect(made!.args[1]).toBe(foundSession);
      expect(made!.at - scene.callsOf('readPodcastTask')[0]!.at).toBeGreaterThanOrEqual(stepTime - second);
      expect(scene.report().call).toBe('complete');
    },
  );

  test('whose account is absent is made after the attempt’s time, and waits no longer than it must', async () => {
    const scene = mainSite();
    expect(await adopt(scene)).toMatchObject({ outcome: 'completed' });
    expect(looksAndAttempts(scene)).toEqual(['lookFor', 'lookFor', 'createAccount']);
    const waited = scene.callsOf('makeShow')[0]!.at - scene.callsOf('readPodcastTask')[0]!.at;
    expect(waited).toBeLessThan(attemptTime + 2 * minute);
  });

  test('of which nobody can tell is reported as undecided', async () => {
    const scene = mainSite({ lookFor: () => ({ state: 'unknown' }) });
    expect(await adopt(scene)).toMatchObject({ outcome: 'failed', failure: 'OutcomeUnknown' });
    expect(scene.report().body.error_message).toMatch(/^outcome unknown: /);
    expect(scene.callsOf('createAccount', 'makeShow')).toEqual([]);
  });

  test('that was reported since is left alone', async () => {
    const scene = mainSite({ startTask: () => ({ kind: 'refused' }) });
    expect(await adopt(scene)).toEqual({ outcome: 'left', reason: "someone else's" });
    expect(namesOf(scene)).toEqual(['readPodcastTask', 'startTask']);
  });
});

describe('a podcast request that is told to adopt a task', () => {
  let books = 0;

  function openBook(script: Script, others: Record<string, Script> = {}) {
    const book = new PodcastBook(lab, `adopt-${++books}`, { main: script, ...others });
    return {
      book,
      main: book.scenes.get('main')!,
      toAdopt: (name: string) => ({ ...book.describe(book.task(name)), adopt: true }),
    };
  }

  /** A book whose main site's first workflow fails before its report arrives, with the account made. */
  function openFailing(others?: Record<string, Script>) {
    let accounts = 0;
    let reports = 0;
    const opened = openBook(
      {
        createAccount: () => {
          accounts += 1;
          return { session };
        },
        lookFor: () => (accounts > 0 ? ours() : { state: 'absent' }),
        completeTask: () => {
          if (++reports === 1) throw ApplicationFailure.nonRetryable('no way to report');
          opened.book.task('main').status = 'completed';
          return { kind: 'applied' };
        },
      },
      others,
    );
    return opened;
  }

  test('opens anew and has its workflow look first', async () => {
    const { book, main, toAdopt } = openFailing();
    await book.dispatch();
    expect(await book.parent.end()).toMatchObject({ outcome: 'incomplete', tasks: { [book.task('main').id]: 'lost' } });
    expect(book.task('main').status).toBe('running');
    expect(await book.dispatch([toAdopt('main')])).toBe('started');
    expect(await book.parent.end()).toEqual({ outcome: 'completed', tasks: { [book.task('main').id]: 'completed' } });
    expect(looksAndAttempts(main)).toEqual(['createAccount', 'lookFor']);
  });

  test('hears of it while it is open, and goes on to the sub-sites', async () => {
    const { book, main, toAdopt } = openFailing({ a: {} });
    await book.dispatch();
    await expect(main.endWithoutSkipping()).rejects.toThrow();
    expect(await book.dispatch([toAdopt('main')])).toBe('open');
    expect(await book.parent.end()).toEqual({
      outcome: 'completed',
      tasks: Object.fromEntries(book.tasks.map(({ id }) => [id, 'completed'])),
    });
    expect(looksAndAttempts(main)).toEqual(['createAccount', 'lookFor']);
    expect(looksAndAttempts(book.scenes.get('a')!)).toEqual(['createAccount']);
  });

  test('remembers it of a sub-site that waits for its feed, whatever pulls say later', async () => {
    let reach!: () => void;
    let letGo!: () => void;
    const reached = new Promise<void>((resolve) => (reach = resolve));
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const signUp = async () => {
      reach();
      await held;
      return { session };
    };
    const { book, toAdopt } = openBook({ createAccount: signUp }, { a: { lookFor: ours } });
    await book.dispatch();
    await reached;
    book.task('a').status = 'running';
    expect(await book.dispatch([toAdopt('a')])).toBe('open');
    letGo();
    expect(await book.parent.end()).toMatchObject({ outcome: 'completed' });
    expect(looksAndAttempts(book.scenes.get('a')!)).toEqual(['lookFor']);
  });

  test('is not opened for a sub-site whose feed is not known', async () => {
    const { book, toAdopt } = openBook({}, { a: {} });
    expect(await book.dispatch([toAdopt('a')])).toBe('waiting');
  });
});
