import { heartbeat } from '@temporalio/activity';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { MailMark } from '../../contracts/mail.ts';
import { searchAttributes } from '../../contracts/workflows.ts';
import { AlreadyExists, FormChanged, SiteDown } from '../../sites/kit/errors.ts';
import { after, failing, waitsBetween } from '../support/scripted-failures.ts';
import {
  activityFailure,
  feedUrl,
  mainDomains,
  type Script,
  type ScriptedName,
  type ScriptedTask,
  session,
  stepFailure,
  untilCancelled,
} from '../support/scripted-task.ts';
import { startWorkflowServer, type WorkflowServer } from '../support/workflow-server.ts';

const [mainDomain, slowMainDomain] = mainDomains as [string, string];

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
const showTime = 5 * minute;
const linkWanted = { kind: 'link' as const, from: ['site.test'] };
const codeWanted = { kind: 'code' as const, from: ['site.test'], subject: 'Your import code' };

const mainSite = (script: Script = {}) => lab.scene(script, { flow: 'podcast', domain: mainDomain });
const subSite = (script: Script = {}) => lab.scene(script, { flow: 'podcast', fields: { link_rss: feedUrl } });
const sessionOf = (step: string) => JSON.stringify({ cookies: [{ name: 'sid', value: step }], origins: [] });

const namesOf = (scene: ScriptedTask) => scene.calls.map(({ name }) => name);

/** Asks for its workflow's cancellation and ends with it, as a browser step does. */
function cancelIn(scene: ScriptedTask, step: ScriptedName, submitted = false): ScriptedTask {
  scene.play({
    [step]: async () => {
      await scene.handle.cancel();
      await untilCancelled();
      throw stepFailure(new Error('cancelled'), submitted, true);
    },
  });
  return scene;
}

describe('a main site', () => {
  test('gets its account and its show, has the feed checked as its own, and reports it with the credentials', async () => {
    const scene = mainSite({
      createAccount: () => ({ session: sessionOf('account') }),
      makeShow: () => ({ session: sessionOf('show'), feedUrl }),
    });
    expect(await scene.run()).toEqual({ outcome: 'completed', feedUrl });
    const { email, username, password } = scene.role.fields;
    expect(scene.report()).toEqual({
      call: 'complete',
      body: { email, username, password, cookie: 'sid=show', link_rss: feedUrl, note: expect.any(String) as string },
    });
    expect(namesOf(scene)).toEqual([
      'readPodcastTask',
      'startTask',
      'markMailbox',
      'requestPermit',
      'createAccount',
      'requestPermit',
      'makeShow',
      'checkFeed',
      'completeTask',
    ]);
    expect(scene.callsOf('makeShow')[0]!.args[1]).toBe(sessionOf('account'));
    expect(scene.callsOf('checkFeed')[0]!.args).toEqual([feedUrl, email]);
    const { typedSearchAttributes } = await scene.handle.describe();
    expect(typedSearchAttributes.get(searchAttributes.outcome)).toBe('completed');
    expect(typedSearchAttributes.get(searchAttributes.request)).toBe(scene.role.fields.request_id);
  });

  test('that asks for a confirmation is confirmed before the show is made, which goes on with the session of that', async () => {
    const scene = mainSite({
      createAccount: () => ({ session: sessionOf('account'), awaiting: linkWanted }),
      confirmEmail: () => ({ session: sessionOf('confirmed') }),
      makeShow: () => ({ feedUrl }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('awaitMail')[0]!.args[2]).toEqual(linkWanted);
    expect(scene.callsOf('confirmEmail')[0]!.args[1]).toBe(sessionOf('account'));
    expect(scene.callsOf('makeShow')[0]!.args[1]).toBe(sessionOf('confirmed'));
    expect(scene.report().body).toMatchObject({ cookie: 'sid=confirmed', link_rss: feedUrl });
  });

  test('whose feed is not served at once is looked at again', async () => {
    const notYet = activityFailure('FeedRefused', "the feed can't be had: 404");
    const scene = mainSite({ checkFeed: after([notYet, notYet], { title: 'Brand', ownerEmail: 'brand@mail.test' }) });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(waitsBetween(scene.callsOf('checkFeed'))).toEqual([5, 10]);
    expect(scene.callsOf('makeShow')).toHaveLength(1);
  });

  test('whose feed is refused six times fails with the words of that', async () => {
    const scene = mainSite({
      checkFeed: failing(activityFailure('FeedRefused', 'the cover art is not square but 1400×1500 pixels')),
    });
    expect(await scene.run()).toEqual({
      outcome: 'failed',
      failure: 'FeedRefused',
      reason: 'the cover art is not square but 1400×1500 pixels',
    });
    expect(scene.report()).toEqual({
      call: 'fail',
      body: { error_message: 'the cover art is not square but 1400×1500 pixels' },
    });
    expect(waitsBetween(scene.callsOf('checkFeed'))).toEqual([5, 10, 20, 40, 60]);
    expect((await scene.handle.describe()).typedSearchAttributes.get(searchAttributes.failure)).toBe('FeedRefused');
  });
});

describe('a show', () => {
  /** Beats once and is not heard of again: its worker was killed. */
  const killed = async () => {
    await lab.env.sleep('21 seconds');
    return { feedUrl };
  };
  /** Beats often enough for some of them to be late, on beyond its time: its worker hangs. */
  const hung = async () => {
    for (let passed = 0; passed <= showTime; passed += 5 * second) {
      heartbeat();
      await lab.env.sleep(5 * second);
    }
    return { feedUrl };
  };

  test.each<[string, NonNullable<Script['makeShow']>, number]>([
    ['whose answer was lost', failing(stepFailure(new SiteDown('502'), true)), 0],
    ['whose worker was killed', killed, 20 * second],
    ['whose time ran out', hung, showTime],
  ])('%s is not tried again before its whole time has passed since', async (_how, lost, lostAfter) => {
    const scene = mainSite();
    scene.play({
      makeShow: (...args) => (scene.callsOf('makeShow').length > 1 ? { session, feedUrl } : lost(...args)),
    });
    expect(await scene.run()).toEqual({ outcome: 'completed', feedUrl });
    const [first, next, ...more] = scene.callsOf('makeShow');
    expect(more).toEqual([]);
    expect(next!.at - first!.at).toBeGreaterThanOrEqual(lostAfter + showTime);
    expect(next!.at - first!.at).toBeLessThan(lostAfter + showTime + minute);
  });

  test('that failed before it was sent is tried again soon, four times in all, each with a permit of its own', async () => {
    const scene = mainSite({ makeShow: failing(stepFailure(new SiteDown('502'), false)) });
    expect(await scene.run()).toEqual({ outcome: 'failed', failure: 'SiteDown', reason: '502' });
    expect(waitsBetween(scene.callsOf('makeShow'))).toEqual([5, 10, 20]);
    expect(namesOf(scene).slice(5, -1)).toEqual(Array.from({ length: 4 }, () => ['requestPermit', 'makeShow']).flat());
    expect(scene.report()).toEqual({ call: 'fail', body: { error_message: '502' } });
  });

  test('is not tried again before the site wants it', async () => {
    const scene = mainSite({
      makeShow: after([stepFailure(new SiteDown('429', 400 * second), true)], { session, feedUrl }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(waitsBetween(scene.callsOf('makeShow'))).toEqual([400]);
  });

  test('that fails for good is tried once, and its feed is not looked for', async () => {
    const scene = mainSite({
      makeShow: failing(stepFailure(new FormChanged('there is no field "Show title"'), false)),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'failed', failure: 'FormChanged' });
    expect(scene.report().body).toEqual({ error_message: 'there is no field "Show title"' });
    expect(scene.callsOf('makeShow')).toHaveLength(1);
    expect(scene.callsOf('checkFeed')).toEqual([]);
  });
});

describe.each<[string, (script: Script) => ScriptedTask]>([
  ['a main site', mainSite],
  ['a sub-site', subSite],
])('an account of %s', (_which, site) => {
  test('that is taken is tried once, and nothing is done with it', async () => {
    const scene = site({ createAccount: failing(stepFailure(new AlreadyExists('This username is taken.'), true)) });
    expect(await scene.run()).toEqual({
      outcome: 'failed',
      failure: 'AlreadyExists',
      reason: 'This username is taken.',
    });
    expect(scene.report()).toEqual({ call: 'fail', body: { error_message: 'This username is taken.' } });
    expect(scene.callsOf('createAccount')).toHaveLength(1);
    expect(scene.callsOf('lookFor', 'makeShow', 'importFeed')).toEqual([]);
  });

  test('that may have been made, and is not shown, is reported as undecided', async () => {
    const scene = site({
      createAccount: failing(stepFailure(new SiteDown('502'), true)),
      lookFor: () => ({ state: 'unknown' }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'failed', failure: 'OutcomeUnknown' });
    expect(scene.report().body.error_message).toMatch(/^outcome unknown: 502/);
    expect(scene.callsOf('createAccount')).toHaveLength(1);
    expect(scene.callsOf('makeShow', 'importFeed')).toEqual([]);
  });

  test('that was made although its answer was lost is gone on with', async () => {
    const scene = site({
      createAccount: failing(stepFailure(new SiteDown('502'), true)),
      lookFor: () => ({ state: 'ours', session: sessionOf('found') }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    expect(scene.callsOf('createAccount')).toHaveLength(1);
    expect(scene.callsOf('makeShow', 'importFeed').map(({ args }) => args[1])).toEqual([sessionOf('found')]);
    expect(scene.report().call).toBe('complete');
  });

  test('whose confirmation never comes is reported as unconfirmed', async () => {
    const scene = site({
      createAccount: () => ({ session, awaiting: linkWanted }),
      awaitMail: failing(activityFailure('MailMissing', 'no mail came in time')),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'failed', failure: 'MailMissing' });
    expect(scene.report()).toEqual({ call: 'fail', body: { error_message: 'unconfirmed: no mail came in time' } });
    expect(scene.callsOf('makeShow', 'importFeed')).toEqual([]);
  });

  test('that an earlier run left unconfirmed is confirmed by the mail that came then', async () => {
    const scene = site({ createAccount: () => ({ session, awaiting: linkWanted, found: true }) });
    expect(await scene.run()).toMatchObject({ outcome: 'completed' });
    const [awaited] = scene.callsOf('awaitMail');
    const { mark } = scene.callsOf('markMailbox')[0]!.answer as { mark: { uidValidity: string } };
    expect(mark.uidValidity).not.toBe('');
    expect(awaited!.args[1]).toMatchObject({ uidValidity: '' });
    expect((awaited!.args[1] as { markedAt: number }).markedAt).toBeLessThan(awaited!.at - 6 * 24 * 3_600_000);
  });

  test('whose report is refused for a placeholder fails by the name of the field', async () => {
    const scene = site({ completeTask: () => ({ kind: 'invalid', message: 'placeholder rejected: username' }) });
    expect(await scene.run()).toEqual({
      outcome: 'failed',
      failure: 'Rejected',
      reason: 'placeholder rejected: username',
    });
    expect(scene.report()).toEqual({ call: 'fail', body: { error_message: 'placeholder rejected: username' } });
    expect(scene.callsOf('completeTask')).toHaveLength(1);
  });
});

describe('a sub-site', () => {
  test('has the feed checked, gets its account, and imports the feed with its session', async () => {
    const scene = subSite({
      createAccount: () => ({ session: sessionOf('account') }),
      importFeed: () => ({ session: sessionOf('import') }),
    });
    expect(await scene.run()).toEqual({ outcome: 'completed' });
    const { email, username, password } = scene.role.fields;
    expect(scene.report()).toEqual({
      call: 'complete',
      body: { email, username, password, cookie: 'sid=import', note: expect.any(String) as string },
    });
    expect(namesOf(scene)).toEqual([
      'readPodcastTask',
      'startTask',
      'checkFeed',
      'markMailbox',
      'requestPermit',
      'createAccount',
      'markMailbox',
      'requestPermit',
      'importFeed',
      'completeTask',
    ]);
    expect(scene.callsOf('checkFeed')[0]!.args[0]).toBe(feedUrl);
    const [task, used] = scene.callsOf('importFeed')[0]!.args;
    expect(task).toMatchObject({ link_rss: feedUrl, main: false });
    expect(used).toBe(sessionOf('account'));
  });

  test('does not ask whose the feed is: another may own it where no code is asked for', async () => {
    const scene = subSite({ checkFeed: () => ({ title: 'Brand', ownerEmail: 'other@elsewhere.test' }) });
    expect(await scene.run()).toEqual({ outcome: 'completed' });
    expect(scene.callsOf('checkFeed')[0]!.args[1] ?? undefined).toBeUndefined();
  });

  test('makes no account for a feed that is refused', async () => {
    const scene = subSite({ checkFeed: failing(activityFailure('FeedRefused', 'the feed has no episode')) });
    expect(await scene.run()).toEqual({ outcome: 'failed', failure: 'FeedRefused', reason: 'the feed has no episode' });
    expect(scene.report()).toEqual({ call: 'fail', body: { error_message: 'the feed has no episode' } });
    expect(scene.callsOf('checkFeed')).toHaveLength(6);
    expect(scene.callsOf('requestPermit', 'createAccount', 'lookFor', 'importFeed')).toEqual([]);
  });

  test('that takes the feed from someone else already fails in its words, and is asked once', async () => {
    const scene = subSite({
      importFeed: failing(stepFailure(new AlreadyExists('This feed was imported by another account.'), false)),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'failed', failure: 'AlreadyExists' });
    expect(scene.report().body).toEqual({ error_message: 'This feed was imported by another account.' });
    expect(scene.callsOf('importFeed')).toHaveLength(1);
  });

  test('that is down is asked six times, ever more rarely', async () => {
    const scene = subSite({ importFeed: failing(stepFailure(new SiteDown('502'), false)) });
    expect(await scene.run()).toMatchObject({ outcome: 'failed', failure: 'SiteDown' });
    expect(waitsBetween(scene.callsOf('importFeed'))).toEqual([5, 10, 20, 40, 80]);
    expect(scene.report().body).toEqual({ error_message: '502' });
  });
});

describe('an import that asks for the code of the feed’s owner', () => {
  /** Each look at the mailbox finds one mail more. */
  function marking(): () => { mark: MailMark } {
    let uidNext = 0;
    return () => ({ mark: { uidValidity: '1', uidNext: ++uidNext, markedAt: 0 } });
  }
  const asking = () => ({ session: sessionOf('import'), awaiting: codeWanted });
  const code = { kind: 'code' as const, value: '12345678' };

  test('is confirmed with the code and the newest session, after which the newest cookies are reported', async () => {
    const scene = subSite({
      importFeed: asking,
      awaitMail: () => code,
      confirmImport: () => ({ session: sessionOf('confirmed') }),
    });
    expect(await scene.run()).toEqual({ outcome: 'completed' });
    expect(scene.callsOf('awaitMail')).toHaveLength(1);
    expect(scene.callsOf('awaitMail')[0]!.args[2]).toEqual(codeWanted);
    expect(scene.callsOf('confirmImport')[0]!.args.slice(1)).toEqual([sessionOf('import'), code]);
    expect(scene.report().body).toMatchObject({ cookie: 'sid=confirmed' });
  });

  test('goes on with the account’s session where its steps bring none', async () => {
    const scene = subSite({
      createAccount: () => ({ session: sessionOf('account') }),
      importFeed: () => ({ awaiting: codeWanted }),
      awaitMail: () => code,
      confirmImport: () => ({}),
    });
    expect(await scene.run()).toEqual({ outcome: 'completed' });
    expect(scene.callsOf('confirmImport')[0]!.args[1]).toBe(sessionOf('account'));
    expect(scene.report().body).toMatchObject({ cookie: 'sid=account' });
  });

  test('has the mailbox marked anew right before each try, and only later mails count', async () => {
    const down = stepFailure(new SiteDown('502'), true);
    const scene = subSite({ markMailbox: marking(), importFeed: after([down, down], asking()), awaitMail: () => code });
    expect(await scene.run()).toEqual({ outcome: 'completed' });
    const names = namesOf(scene);
    expect(names.slice(names.indexOf('createAccount') + 1, names.indexOf('awaitMail'))).toEqual(
      Array.from({ length: 3 }, () => ['markMailbox', 'requestPermit', 'importFeed']).flat(),
    );
    // The first mark is the account's.
    expect(scene.callsOf('awaitMail')[0]!.args[1]).toMatchObject({ uidNext: 4 });
  });

  test('is not waited for when the owner has another address than the task', async () => {
    const scene = subSite({ importFeed: asking, checkFeed: () => ({ title: 'Brand', ownerEmail: 'other@mail.test' }) });
    expect(await scene.run()).toMatchObject({ outcome: 'failed', failure: 'MailboxRefused' });
    expect(scene.report().body.error_message).toMatch(/feed's owner.*can't be read/);
    expect(scene.report().body.error_message).not.toContain('other@mail.test');
    expect(scene.callsOf('importFeed')).toHaveLength(1);
    expect(scene.callsOf('awaitMail', 'confirmImport')).toEqual([]);
  });

  test('knows the task’s own address in capitals', async () => {
    const scene = subSite({ importFeed: asking, awaitMail: () => code });
    scene.play({ checkFeed: () => ({ title: 'Brand', ownerEmail: String(scene.role.fields.email).toUpperCase() }) });
    expect(await scene.run()).toEqual({ outcome: 'completed' });
  });

  test('is not waited for when the mailbox can not be read', async () => {
    const scene = subSite({
      importFeed: asking,
      markMailbox: () => ({ unreadable: 'the mail server refused the password' }),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'failed', failure: 'MailboxRefused' });
    expect(scene.report().body).toEqual({ error_message: 'the mail server refused the password' });
    expect(scene.callsOf('awaitMail', 'confirmImport')).toEqual([]);
  });

  test('fails when the mail never comes, though the account can be used', async () => {
    const scene = subSite({
      importFeed: asking,
      awaitMail: failing(activityFailure('MailMissing', 'no mail came in time')),
    });
    expect(await scene.run()).toMatchObject({ outcome: 'failed', failure: 'MailMissing' });
    expect(scene.report().body).toEqual({ error_message: 'no mail came in time' });
    expect(scene.callsOf('awaitMail')).toHaveLength(1);
    expect(scene.callsOf('confirmImport')).toEqual([]);
  });

  test('is confirmed again, with the same code, when the site was down', async () => {
    const down = stepFailure(new SiteDown('502'), true);
    const scene = subSite({ importFeed: asking, awaitMail: () => code, confirmImport: after([down], {}) });
    expect(await scene.run()).toEqual({ outcome: 'completed' });
    expect(scene.callsOf('importFeed', 'awaitMail')).toHaveLength(2);
    expect(scene.callsOf('confirmImport').map(({ args }) => args[2])).toEqual([code, code]);
  });
});

describe('a task that is not to be worked', () => {
  test.each(['no feed', 'gone', 'not enabled', 'malformed'] as const)(
    'is left alone, and nothing is sent, when it is: %s',
    async (reason) => {
      const scene = subSite({ readPodcastTask: () => ({ kind: 'left', reason }) });
      expect(await scene.run()).toEqual({ outcome: 'left', reason });
      expect(namesOf(scene)).toEqual(['readPodcastTask']);
    },
  );

  test.each([
    ['refused', "someone else's"],
    ['gone', 'gone'],
  ] as const)('is left alone when its start is answered with %s', async (kind, reason) => {
    const scene = subSite({ startTask: () => ({ kind }) });
    expect(await scene.run()).toEqual({ outcome: 'left', reason });
    expect(namesOf(scene)).toEqual(['readPodcastTask', 'startTask']);
  });

  test('is not reported when it was deleted meanwhile', async () => {
    const scene = subSite({ completeTask: () => ({ kind: 'gone' }) });
    expect(await scene.run()).toEqual({ outcome: 'left', reason: 'gone' });
    expect(scene.callsOf('completeTask', 'failTask')).toHaveLength(1);
  });
});

describe('a cancellation', () => {
  const asking: Script = {
    importFeed: () => ({ session, awaiting: codeWanted }),
    awaitMail: () => ({ kind: 'code', value: '12345678' }),
  };

  test.each<[ScriptedName, () => ScriptedTask, string[]]>([
    ['createAccount', mainSite, ['lookFor', 'makeShow', 'checkFeed']],
    ['makeShow', mainSite, ['checkFeed']],
    ['checkFeed', mainSite, []],
    ['checkFeed', subSite, ['createAccount', 'lookFor', 'importFeed']],
    ['importFeed', subSite, ['awaitMail']],
    ['awaitMail', () => subSite(asking), ['confirmImport']],
    ['confirmImport', () => subSite(asking), []],
  ])('in %s is reported once, and nothing more is done', async (step, site, undone) => {
    const scene = cancelIn(site(), step);
    expect(await scene.run()).toEqual({ outcome: 'failed', failure: 'Cancelled', reason: 'cancelled' });
    expect(scene.report()).toEqual({ call: 'fail', body: { error_message: 'cancelled' } });
    expect(scene.callsOf(step)).toHaveLength(1);
    expect(scene.callsOf(...(undone as ScriptedName[]), 'completeTask')).toEqual([]);
  });

  test('while the account may be being made is reported after a look', async () => {
    const scene = cancelIn(mainSite({ lookFor: () => ({ state: 'unknown' }) }), 'createAccount', true);
    expect(await scene.run()).toMatchObject({ outcome: 'failed', failure: 'OutcomeUnknown' });
    expect(scene.report().body).toEqual({ error_message: 'outcome unknown: cancelled' });
    expect(scene.callsOf('lookFor')).toHaveLength(2);
    expect(scene.callsOf('makeShow')).toEqual([]);
  });
});

describe('after seven days', () => {
  const inAWeek = stepFailure(new SiteDown('429', 8 * day), false);

  test.each<[string, () => ScriptedTask]>([
    ['whose show could not be made', () => mainSite({ makeShow: failing(inAWeek) })],
    ['whose feed could not be imported', () => subSite({ importFeed: failing(inAWeek) })],
    [
      'whose feed could not be had',
      () => mainSite({ checkFeed: failing(activityFailure('AssetUnavailable', '503', 8 * day)) }),
    ],
  ])('a task %s is reported as overdue', async (_what, site) => {
    const scene = site();
    expect(await scene.run()).toEqual({ outcome: 'failed', failure: 'Overdue', reason: "the task's time was over" });
    expect(scene.report()).toEqual({ call: 'fail', body: { error_message: "the task's time was over" } });
    const waited = scene.callsOf('failTask')[0]!.at - scene.callsOf('startTask')[0]!.at;
    expect(waited).toBeGreaterThanOrEqual(7 * day - second);
    expect(waited).toBeLessThan(7 * day + minute);
  });

  test('a task that still waits for its turn is reported as overdue, and nothing is made', async () => {
    lab.enable(slowMainDomain, { every: '30d' });
    const first = lab.scene({}, { flow: 'podcast', domain: slowMainDomain });
    await first.start();
    await first.endWithoutSkipping();
    const scene = lab.scene({}, { flow: 'podcast', domain: slowMainDomain });
    expect(await scene.run()).toMatchObject({ outcome: 'failed', failure: 'Overdue' });
    expect(scene.report().body).toEqual({ error_message: "the task's time was over" });
    expect(scene.callsOf('createAccount', 'lookFor', 'makeShow')).toEqual([]);
  });
});
