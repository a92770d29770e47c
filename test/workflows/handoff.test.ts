import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { HandedStep, HandoffAnswer } from '../../contracts/handoff.ts';
import type { AccountLookup } from '../../contracts/step-results.ts';
import { answerHandoff, searchAttributes, waitsForPerson } from '../../contracts/workflows.ts';
import { Challenge, FormChanged, Rejected, SiteDown } from '../../sites/kit/errors.ts';
import { readHanded } from '../../temporal/handoffs.ts';
import { readGate } from '../../temporal/site-gate.ts';
import { startTask } from '../../temporal/start-task.ts';
import { after, failing } from '../support/scripted-failures.ts';
import {
  feedUrl,
  handedFailure,
  mainDomains,
  type Script,
  type ScriptedName,
  type ScriptedTask,
  session,
  stepFailure,
} from '../support/scripted-task.ts';
import { withoutQuery } from '../support/without-query.ts';
import { startWorkflowServer, type WorkflowServer } from '../support/workflow-server.ts';

let lab: WorkflowServer;
beforeAll(async () => {
  lab = await startWorkflowServer();
});
afterEach(() => lab.replay());
afterAll(() => lab.close());

const hour = 3_600_000;
const day = 24 * hour;
const robot = new Challenge('verify that you are human');
const asked = 'verify that you are human (evidence: evidence-1)';
const strange = new FormChanged('there is no field "E-mail"');
const ours = (): AccountLookup => ({ state: 'ours', session, profileUrl: 'https://site.test/u/brand' });
/** The site asks for a human before anything was sent. */
const asksFirst = (waitMs = 4 * hour): Script => ({ createAccount: failing(handedFailure(robot, false, waitMs)) });

const handed = ({ handle }: ScriptedTask) => readHanded(lab.client, handle.workflowId);
const say = ({ handle }: ScriptedTask, word: HandoffAnswer) => handle.executeUpdate(answerHandoff, { args: [word] });
const outcomeOf = async ({ handle }: ScriptedTask) =>
  (await handle.describe()).typedSearchAttributes.get(searchAttributes.outcome);
const looksAndAttempts = (scene: ScriptedTask) => scene.callsOf('lookFor', 'createAccount').map(({ name }) => name);

/** Starts a task and waits until it waits for a person. */
async function untilHanded(scene: ScriptedTask): Promise<HandedStep> {
  await scene.start();
  return nextHanded(scene);
}

async function nextHanded(scene: ScriptedTask): Promise<HandedStep> {
  await expect.poll(() => handed(scene), { timeout: 10_000 }).not.toBeNull();
  return (await handed(scene))!;
}

/** The error with which a word was refused. */
async function refusalOf(scene: ScriptedTask, word: unknown): Promise<string | undefined> {
  const error: unknown = await say(scene, word as HandoffAnswer).then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return error instanceof WorkflowUpdateFailedError ? error.cause?.message : String(error);
}

describe('at a site whose operator has nobody waited for', () => {
  test.each([robot, strange])('a $kind is reported at once', async (error) => {
    const scene = lab.scene({ createAccount: failing(stepFailure(error, false)) });
    expect(await scene.run()).toEqual({ outcome: 'register_failed', failure: error.kind, reason: error.message });
    expect(await handed(scene)).toBeNull();
  });
});

describe('a sign-up that a person is waited for', () => {
  test('tells what it waits with, where it can be found and read, and holds no permit', async () => {
    const scene = lab.scene(asksFirst());
    const begun = await lab.env.currentTimeMs();
    const step = await untilHanded(scene);
    expect(await withoutQuery(lab.client, () => handed(scene))).toEqual(step);
    const { domain, username } = scene.role.fields;
    expect(step).toMatchObject({
      domain,
      login: username,
      step: expect.stringContaining('sign up') as string,
      page: '/signup',
      reason: asked,
      evidence: 'evidence-1',
    });
    expect(step.until - begun).toBeGreaterThanOrEqual(4 * hour);
    expect(step.until - begun).toBeLessThan(4 * hour + 60_000);
    expect(JSON.stringify(step)).not.toContain('Password-1');
    expect(await outcomeOf(scene)).toBe(waitsForPerson);
    const metadata = await scene.handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toContain(
      `${asked}, until ${new Date(step.until).toISOString()}; \`npm run handoff -- done ${scene.handle.workflowId}\``,
    );
    expect(await readGate(lab.client, domain)).toMatchObject({ out: 0, waiting: 0, reason: 'human check' });
    expect(scene.callsOf('completeTask', 'failTask')).toEqual([]);
  });

  test('goes on when a person has made the account, which a look confirms, and submits nothing itself', async () => {
    const found = JSON.stringify({ cookies: [{ name: 'sid', value: 'found' }], origins: [] });
    const scene = lab.scene({ ...asksFirst(), lookFor: () => ({ ...ours(), session: found }) });
    await untilHanded(scene);
    await say(scene, { word: 'done' });
    expect(await scene.end()).toEqual({ outcome: 'completed', profileUrl: scene.profileUrl });
    expect(looksAndAttempts(scene)).toEqual(['createAccount', 'lookFor']);
    expect(scene.callsOf('updateProfile')[0]!.args[1]).toBe(found);
    expect(scene.report().call).toBe('complete');
    expect(await outcomeOf(scene)).toBe('completed');
    expect(await handed(scene)).toBeNull();
  });

  test('reports the profile that the person named', async () => {
    const scene = lab.scene({ ...asksFirst(), lookFor: ours });
    await untilHanded(scene);
    await say(scene, { word: 'done', link: 'https://site.test/@the-brand' });
    expect(await scene.end()).toEqual({ outcome: 'completed', profileUrl: 'https://site.test/@the-brand' });
    expect(scene.report().body.link_profile).toBe('https://site.test/@the-brand');
  });

  test('has the account confirmed that the person left unconfirmed', async () => {
    const scene = lab.scene({
      ...asksFirst(),
      lookFor: () => ({ state: 'unconfirmed', awaiting: { kind: 'link', from: ['site.test'] } }),
    });
    await untilHanded(scene);
    await say(scene, { word: 'done' });
    expect(await scene.end()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('awaitMail', 'confirmEmail')).toHaveLength(2);
  });

  test('is reported, and nothing submitted, when the person says that it was done and the account is not there', async () => {
    const scene = lab.scene(asksFirst());
    await untilHanded(scene);
    await say(scene, { word: 'done' });
    expect(await scene.end()).toMatchObject({ outcome: 'register_failed', failure: 'Challenge' });
    expect(scene.report().body.error_message).toBe(
      `${asked}; a person said that it was done, but the account is not there`,
    );
    expect(looksAndAttempts(scene)).toEqual(['createAccount', 'lookFor']);
  });

  test.each<[string, Script]>([
    ['another account has the name', { lookFor: () => ({ state: 'taken' }) }],
    ['the site is down', { lookFor: failing(stepFailure(new SiteDown('502'), false)) }],
  ])('is undecided when it was done, and %s', async (_what, script) => {
    const scene = lab.scene({ ...asksFirst(), ...script });
    await untilHanded(scene);
    await say(scene, { word: 'done' });
    expect(await scene.end()).toMatchObject({ outcome: 'register_failed', failure: 'OutcomeUnknown' });
    expect(scene.report().body.error_message).toMatch(
      /^outcome unknown: .*; a person said that it was done, but the site does not show whether the account was made/,
    );
    expect(scene.callsOf('createAccount')).toHaveLength(1);
  });

  test('that a person gives up is reported, after a look', async () => {
    const scene = lab.scene(asksFirst());
    await untilHanded(scene);
    await say(scene, { word: 'give up' });
    expect(await scene.end()).toMatchObject({ outcome: 'register_failed', failure: 'Challenge' });
    expect(scene.report().body.error_message).toBe(`${asked}; a person gave it up, and the account is not there`);
    expect(looksAndAttempts(scene)).toEqual(['createAccount', 'lookFor']);
    expect((await scene.handle.describe()).typedSearchAttributes.get(searchAttributes.failure)).toBe('Challenge');
  });

  test('that nobody takes over is reported when the time is over', async () => {
    const scene = lab.scene(asksFirst());
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'Challenge' });
    expect(scene.report().body.error_message).toMatch(
      /; no person took it over by \S+Z, and the account is not there$/,
    );
    const [tried] = scene.callsOf('createAccount');
    const [looked] = scene.callsOf('lookFor');
    expect(looked!.at - tried!.at).toBeGreaterThanOrEqual(4 * hour);
  });

  test('finds the account that a person made without a word', async () => {
    const scene = lab.scene({ ...asksFirst(), lookFor: ours });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(looksAndAttempts(scene)).toEqual(['createAccount', 'lookFor']);
  });

  test.each(['absent', 'ours'] as const)(
    'that is cancelled looks before it reports: the account is %s',
    async (state) => {
      const scene = lab.scene({ ...asksFirst(), lookFor: () => ({ ...ours(), state }) });
      await untilHanded(scene);
      await scene.handle.cancel();
      expect(await scene.end()).toMatchObject({
        outcome: state === 'ours' ? 'profile_failed' : 'register_failed',
        failure: 'Cancelled',
      });
      expect(scene.report().body.error_message).toBe('cancelled');
      expect(scene.callsOf('lookFor').length).toBe(state === 'ours' ? 1 : 2);
      expect(scene.callsOf('createAccount')).toHaveLength(1);
    },
  );

  test('ends with the task’s own time, whatever the site’s setting', async () => {
    const scene = lab.scene(asksFirst(30 * day));
    expect(await scene.run()).toMatchObject({ outcome: 'register_failed', failure: 'Overdue' });
    expect(scene.report().body.error_message).toBe("the task's time was over");
  });

  test('of which the form was sent is looked for first: an account that it made needs no person', async () => {
    const scene = lab.scene({ createAccount: failing(handedFailure(robot, true, 4 * hour)), lookFor: ours });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(looksAndAttempts(scene)).toEqual(['createAccount', 'lookFor']);
    expect(scene.callsOf('lookFor')[0]!.at - scene.callsOf('createAccount')[0]!.at).toBeLessThan(hour);
  });

  test.each([
    [robot, ['createAccount', 'lookFor', 'lookFor']],
    [strange, ['createAccount', 'lookFor', 'lookFor', 'lookFor']],
  ])('of which the form was sent, and which is not there before nor after (%s)', async (error, calls) => {
    const scene = lab.scene({ createAccount: failing(handedFailure(error, true, 4 * hour)) });
    await scene.start();
    // The look waits until the site's pause for the human check is over.
    await expect.poll(() => scene.callsOf('requestPermit').length, { timeout: 10_000 }).toBe(2);
    await lab.env.sleep('31 seconds');
    await nextHanded(scene);
    await say(scene, { word: 'done' });
    expect(await scene.end()).toMatchObject({ outcome: 'register_failed', failure: error.kind });
    expect(looksAndAttempts(scene)).toEqual(calls);
  });

  test('waits again when the look meets a check as well, and asks no third time once it was given up', async () => {
    const scene = lab.scene({ ...asksFirst(), lookFor: failing(handedFailure(robot, false, 4 * hour)) });
    await untilHanded(scene);
    await say(scene, { word: 'done' });
    await expect.poll(() => scene.callsOf('requestPermit').length, { timeout: 10_000 }).toBe(2);
    await lab.env.sleep('31 seconds');
    expect(await nextHanded(scene)).toMatchObject({ step: 'look whether the account is there' });
    await say(scene, { word: 'give up' });
    expect(await scene.end()).toMatchObject({ outcome: 'register_failed', failure: 'OutcomeUnknown' });
    expect(scene.report().body.error_message).toContain('outcome unknown: ');
    expect(scene.report().body.error_message).toContain('a person gave it up');
    expect(looksAndAttempts(scene)).toEqual(['createAccount', 'lookFor']);
  });

  test('holds up nobody else at the site', async () => {
    lab.enable('shared.test', { every: '0s' });
    const waits = lab.scene(
      { createAccount: failing(handedFailure(strange, false, 4 * hour)) },
      { domain: 'shared.test' },
    );
    await untilHanded(waits);
    const other = lab.scene({}, { domain: 'shared.test' });
    await other.start();
    expect(await other.endWithoutSkipping()).toMatchObject({ outcome: 'completed' });
    expect(await handed(waits)).not.toBeNull();
    await say(waits, { word: 'give up' });
    expect(await waits.end()).toMatchObject({ failure: 'FormChanged' });
  });
});

describe('a word', () => {
  test.each<[string, unknown, string]>([
    ['with a link that is none', { word: 'done', link: 'javascript:alert(1)' }, 'must be an address'],
    ['that is another', { word: 'perhaps' }, 'a person says "done" or "give up"'],
  ])('%s is refused, and the task waits on', async (_what, word, refusal) => {
    const scene = lab.scene(asksFirst());
    await untilHanded(scene);
    expect(await refusalOf(scene, word)).toContain(refusal);
    expect(await handed(scene)).not.toBeNull();
    await say(scene, { word: 'give up' });
    await scene.end();
  });

  test('is refused while nothing waits, leaves no trace, and is not taken for a later wait', async () => {
    let goOn: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const scene = lab.scene({
      markMailbox: async () => {
        await held;
        return { unreadable: 'no mailbox' };
      },
      ...asksFirst(),
    });
    await scene.start();
    await expect.poll(() => scene.callsOf('markMailbox').length, { timeout: 10_000 }).toBe(1);
    expect(await refusalOf(scene, { word: 'done' })).toBe('no step waits for a person');
    goOn();
    await nextHanded(scene);
    const { events } = await scene.handle.fetchHistory();
    expect(events!.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toEqual([]);
    await say(scene, { word: 'give up' });
    expect(await refusalOf(scene, { word: 'done' })).toBe('no step waits for a person');
    expect(await scene.end()).toMatchObject({ failure: 'Challenge' });
  });
});

/** A step of each flow that fails once by a human check, and the calls that come after it. */
const laterSteps: [step: ScriptedName, flow: 'social' | 'entity' | 'connect' | 'main' | 'sub', script: Script][] = [
  ['confirmEmail', 'social', { createAccount: () => ({ session, awaiting: { kind: 'link', from: ['site.test'] } }) }],
  ['updateProfile', 'entity', {}],
  ['signIn', 'connect', {}],
  ['addLinks', 'connect', {}],
  ['makeShow', 'main', {}],
  ['importFeed', 'sub', {}],
  [
    'confirmImport',
    'sub',
    {
      importFeed: () => ({ session, awaiting: { kind: 'code', from: ['site.test'] } }),
      awaitMail: () => ({ kind: 'code', value: '12345678' }),
    },
  ],
];
const answers: Script = {
  confirmEmail: () => ({ session }),
  updateProfile: () => ({ session, profileUrl: 'https://site.test/u/brand', problems: [] }),
  signIn: () => ({ session }),
  addLinks: () => ({ profileUrl: 'https://site.test/u/brand', added: 1, kept: 0, missing: [] }),
  makeShow: () => ({ session, feedUrl }),
  importFeed: () => ({ session }),
  confirmImport: () => ({ session }),
};

function sceneOf(flow: (typeof laterSteps)[number][1], script: Script): ScriptedTask {
  if (flow === 'social') return lab.scene(script);
  if (flow === 'entity') return lab.scene(script, { flow: 'entity', status: 'register' });
  if (flow === 'connect') return lab.scene(script, { flow: 'entity', status: 'connect' });
  if (flow === 'sub') return lab.scene(script, { flow: 'podcast', fields: { link_rss: feedUrl } });
  return lab.scene(script, { flow: 'podcast', domain: mainDomains[0] });
}

describe('a later step that a person is waited for', () => {
  beforeAll(() => lab.enable(mainDomains[0]!, { every: '0s', atOnce: 10 }));

  test.each(laterSteps)('%s (%s) is tried again when it was done', async (step, flow, script) => {
    const scene = sceneOf(flow, {
      ...script,
      [step]: after([handedFailure(strange, false, 4 * hour)], (answers[step] as () => unknown)()),
    });
    await untilHanded(scene);
    expect(scene.callsOf(step)).toHaveLength(1);
    await say(scene, { word: 'done' });
    expect(await scene.end()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf(step)).toHaveLength(2);
    expect(scene.report().call).toBe('complete');
  });

  test.each(laterSteps)('%s (%s) is reported when it was given up', async (step, flow, script) => {
    const scene = sceneOf(flow, { ...script, [step]: failing(handedFailure(strange, false, 4 * hour)) });
    await untilHanded(scene);
    await say(scene, { word: 'give up' });
    expect(await scene.end()).toMatchObject({ failure: 'FormChanged' });
    expect(scene.report()).toMatchObject({
      call: 'fail',
      body: { error_message: expect.stringContaining('; a person gave it up') as string },
    });
    expect(scene.callsOf(step)).toHaveLength(1);
    // Whether the mail's answer arrived nevertheless, only a look tells.
    expect(scene.callsOf('lookFor')).toHaveLength(step === 'confirmEmail' ? 1 : 0);
  });

  test('waits anew for each time that it fails after a word', async () => {
    const check = () => handedFailure(strange, false, 4 * hour);
    const scene = lab.scene({
      updateProfile: after([check(), check()], { session, profileUrl: 'https://site.test/u/brand', problems: [] }),
    });
    await untilHanded(scene);
    await say(scene, { word: 'done' });
    await expect.poll(() => scene.callsOf('updateProfile').length, { timeout: 10_000 }).toBe(2);
    await nextHanded(scene);
    await say(scene, { word: 'done', link: 'https://site.test/@brand' });
    expect(await scene.end()).toEqual({ outcome: 'completed', profileUrl: 'https://site.test/@brand' });
  });

  test('that fails otherwise when it is tried again is reported as that, with the profile that the person named', async () => {
    const failures = [handedFailure(strange, false, 4 * hour), stepFailure(new Rejected('no phone numbers'), false)];
    const scene = lab.scene({ updateProfile: after(failures, { profileUrl: '', problems: [] }) });
    await untilHanded(scene);
    await say(scene, { word: 'done', link: 'https://site.test/@brand' });
    expect(await scene.end()).toMatchObject({
      outcome: 'profile_failed',
      failure: 'Rejected',
      profileUrl: 'https://site.test/@brand',
    });
    expect(scene.report().body).toEqual({
      status: 'profile_failed',
      error_message: 'no phone numbers',
      link_profile: 'https://site.test/@brand',
    });
  });

  test('puts the link into the report of a connect phase', async () => {
    const scene = sceneOf('connect', { signIn: after([handedFailure(strange, false, 4 * hour)], { session }) });
    await untilHanded(scene);
    await say(scene, { word: 'done', link: 'https://site.test/@brand' });
    expect(await scene.end()).toEqual({ outcome: 'completed', profileUrl: 'https://site.test/@brand' });
    expect(scene.report().body.link_post).toBe('https://site.test/@brand');
  });

  test('that is cancelled while it waits is reported once', async () => {
    const scene = sceneOf('connect', { signIn: failing(handedFailure(robot, false, 4 * hour)) });
    await untilHanded(scene);
    await scene.handle.cancel();
    expect(await scene.end()).toMatchObject({ outcome: 'connect_failed', failure: 'Cancelled' });
    scene.report();
  });
});

describe('an adopted task', () => {
  async function adopt(scene: ScriptedTask): Promise<void> {
    const { id, domain, request_id: requestId } = scene.role.fields;
    await startTask(lab.client, 'social', { id, status: 'register', adopted: true, domain, requestId });
  }

  test('waits with its look, and goes on with the account that it finds then', async () => {
    const scene = lab.scene({ lookFor: after([handedFailure(robot, false, 4 * hour)], ours()) });
    await adopt(scene);
    expect(await nextHanded(scene)).toMatchObject({ step: 'look whether the account is there' });
    await say(scene, { word: 'done' });
    expect(await scene.end()).toMatchObject({ outcome: 'completed' });
    expect(looksAndAttempts(scene)).toEqual(['lookFor', 'lookFor']);
  });

  test('that is cancelled while it waits lets no look for its report wait', async () => {
    const scene = lab.scene({ lookFor: failing(handedFailure(robot, false, 4 * hour)) });
    await adopt(scene);
    await nextHanded(scene);
    await scene.handle.cancel();
    expect(await scene.end()).toMatchObject({ outcome: 'register_failed', failure: 'OutcomeUnknown' });
    const [looked] = scene.callsOf('lookFor');
    const [reported] = scene.callsOf('failTask');
    expect(reported!.at - looked!.at).toBeLessThan(hour);
  });

  test('that nobody takes over stays undecided', async () => {
    const scene = lab.scene({ lookFor: failing(handedFailure(robot, false, 4 * hour)) });
    await adopt(scene);
    expect(await scene.end()).toMatchObject({ outcome: 'register_failed', failure: 'OutcomeUnknown' });
    expect(scene.report().body.error_message).toMatch(/^outcome unknown: .*; no person took it over by /);
    expect(scene.callsOf('createAccount')).toEqual([]);
  });
});
