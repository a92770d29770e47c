import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { HandoffAnswer } from '../../contracts/handoff.ts';
import type { MiniAppUser } from '../../contracts/mini-app.ts';
import { answerHandoff, workflows } from '../../contracts/workflows.ts';
import { AlreadyExists, Challenge, FormChanged, SiteDown } from '../../sites/kit/errors.ts';
import { readHanded } from '../../temporal/handoffs.ts';
import { taskQueues } from '../../temporal/task-queues.ts';
import { podcastRequestId, taskWorkflowId } from '../../temporal/workflow-ids.ts';
import { PodcastBook } from '../support/podcast-book.ts';
import {
  activityFailure,
  feedUrl,
  handedFailure,
  type Script,
  type ScriptedTask,
  session,
  stepFailure,
  untilCancelled,
} from '../support/scripted-task.ts';
import { type Run, startWorkflowServer, type WorkflowServer } from '../support/workflow-server.ts';
import { replayKeys } from './keys.ts';

// Records a history of every workflow and of its main outcomes: node --import tsx test/replay/record.ts VERSION
const [version] = process.argv.slice(2);
if (!version || !/^\d+\.\d+\.\d+$/.test(version))
  throw new Error('say of which version the histories are: record.ts 0.1.0');
const folder = fileURLToPath(new URL(`./histories/${version}`, import.meta.url));

const mailWanted = { kind: 'link' as const, from: ['site.test'] };
const noAnswer = () => stepFailure(new Error('the answer was lost'), true);

function failOnce<Answer>(failure: Error, answer: Answer): () => Answer {
  let failed = false;
  return () => {
    if (failed) return answer;
    failed = true;
    throw failure;
  };
}

/** Each ends in another way. */
const socialScripts: Record<string, Script> = {
  completed: {},
  confirmed: { createAccount: () => ({ session, awaiting: mailWanted }) },
  'profile-failed': {
    updateProfile: () => ({ session, profileUrl: 'https://site.test/u/brand', problems: ['Avatar refused'] }),
  },
  'profile-tried-again': {
    updateProfile: failOnce(stepFailure(new SiteDown('429', 60_000), false), {
      session,
      profileUrl: 'https://site.test/u/brand',
      problems: [],
    }),
  },
  'never-confirmed': {
    createAccount: () => ({ session, awaiting: mailWanted }),
    awaitMail: () => {
      throw activityFailure('MailMissing', 'no mail came in time');
    },
  },
  'already-exists': {
    createAccount: () => {
      throw stepFailure(new AlreadyExists('This username is taken.'), false);
    },
  },
  'site-down': {
    createAccount: () => {
      throw stepFailure(new SiteDown('503', 60_000), false);
    },
  },
  'found-after-lost-answer': {
    createAccount: () => {
      throw noAnswer();
    },
    lookFor: () => ({ state: 'ours', session, profileUrl: 'https://site.test/u/brand' }),
  },
  'absent-after-lost-answer': {
    createAccount: () => {
      throw noAnswer();
    },
  },
  'outcome-unknown': {
    createAccount: () => {
      throw noAnswer();
    },
    lookFor: () => ({ state: 'unknown' }),
  },
  'refused-report': { completeTask: () => ({ kind: 'invalid', message: 'placeholder rejected: email' }) },
  left: { readTask: () => ({ kind: 'left', reason: 'stale' }) },
};

async function recordSocial(lab: WorkflowServer): Promise<void> {
  for (const [name, script] of Object.entries(socialScripts)) {
    await lab.scene(script).run();
    const runs = await lab.takeRuns();
    keep(`social-${name}`, runs);
    if (name === 'confirmed') keepGates('calm', runs);
  }
  let begun: () => void = () => {};
  const creating = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const cancelled = lab.scene({
    createAccount: async () => {
      begun();
      await untilCancelled();
      throw stepFailure(new Error('cancelled'), false, true);
    },
  });
  await cancelled.start();
  await creating;
  await cancelled.handle.cancel();
  await cancelled.end();
  keep('social-cancelled', await lab.takeRuns());
}

async function recordEntity(lab: WorkflowServer): Promise<void> {
  await lab.scene({}, { flow: 'entity', status: 'register' }).run();
  keep('entity-registered', await lab.takeRuns());
  await lab.scene({}, { flow: 'entity', status: 'connect' }).run();
  keep('entity-connected', await lab.takeRuns());
  const asksForCode: Script = { signIn: () => ({ session, awaiting: mailWanted }), answerSignIn: () => ({ session }) };
  await lab.scene(asksForCode, { flow: 'entity', status: 'connect' }).run();
  keep('entity-connected-by-code', await lab.takeRuns());
  const missing: Script = {
    addLinks: () => ({ profileUrl: 'https://site.test/u/brand', added: 0, kept: 0, missing: ['https://brand.test/'] }),
  };
  await lab.scene(missing, { flow: 'entity', status: 'connect' }).run();
  keep('entity-connect-failed', await lab.takeRuns());
}

async function recordPodcasts(lab: WorkflowServer): Promise<void> {
  const byCode: Script = {
    importFeed: () => ({ session, awaiting: { kind: 'code', from: ['site.test'] } }),
    awaitMail: () => ({ kind: 'code', value: '12345678' }),
  };
  const taken = stepFailure(new AlreadyExists('This username is taken.'), false);
  const books: Record<string, PodcastBook> = {
    together: new PodcastBook(lab, 'together', { sub: {}, main: {}, 'sub-by-code': byCode }),
    withheld: new PodcastBook(
      lab,
      'withheld',
      { main: { createAccount: () => ({ session, awaiting: mailWanted }) }, sub: {} },
      { withholds: true },
    ),
    'queued-again': new PodcastBook(
      lab,
      'queued-again',
      { main: { createAccount: failOnce(taken, { session }) }, sub: {} },
      { retries: 1 },
    ),
    'show-lost': new PodcastBook(lab, 'show-lost', { main: { makeShow: failOnce(noAnswer(), { session, feedUrl }) } }),
    'feed-refused': new PodcastBook(lab, 'feed-refused', {
      main: {
        checkFeed: () => {
          throw activityFailure('FeedRefused', 'the feed is not RSS 2.0');
        },
      },
      sub: {},
    }),
  };
  for (const [name, book] of Object.entries(books)) {
    await book.dispatch();
    await book.parent.end();
    const runs = (await lab.takeRuns()).filter((run) => !isGate(run));
    for (const run of runs.filter(({ workflowId }) => workflowId === podcastRequestId(book.requestId)))
      write(`podcast-request-${name}`, run);
    for (const { name: site, id } of book.tasks) {
      const children = runs.filter(({ workflowId }) => workflowId === taskWorkflowId('podcast', id));
      for (const [place, run] of children.entries()) write(`podcast-${name}-${site}-${place + 1}`, run);
    }
  }
}

async function untilHanded(lab: WorkflowServer, { handle }: ScriptedTask): Promise<void> {
  while ((await readHanded(lab.client, handle.workflowId)) === null) await sleep(50);
}

/** Steps that wait for a person. */
async function recordHandoffs(lab: WorkflowServer): Promise<void> {
  const waitMs = 4 * 3_600_000;
  const check = () => handedFailure(new Challenge('verify that you are human'), false, waitMs);
  const strange = () => handedFailure(new FormChanged('there is no field "Password"'), false, waitMs);
  const asks: Script = {
    createAccount: () => {
      throw check();
    },
  };
  const found: Script = { lookFor: () => ({ state: 'ours', session, profileUrl: 'https://site.test/u/brand' }) };
  const connect = { flow: 'entity', status: 'connect' } as const;
  const subSite = { flow: 'podcast', fields: { link_rss: feedUrl } } as const;
  const handed: [name: string, scene: ScriptedTask, word: HandoffAnswer | 'cancel' | undefined][] = [
    ['social-handed-done', lab.scene({ ...asks, ...found }), { word: 'done', link: 'https://site.test/@brand' }],
    ['social-handed-done-but-absent', lab.scene(asks), { word: 'done' }],
    ['social-handed-given-up', lab.scene(asks), { word: 'give up' }],
    ['social-handed-time-over', lab.scene(asks), undefined],
    ['social-handed-cancelled', lab.scene(asks), 'cancel'],
    ['entity-connect-handed-done', lab.scene({ signIn: failOnce(strange(), { session }) }, connect), { word: 'done' }],
    ['podcast-handed-done', lab.scene({ importFeed: failOnce(strange(), { session }) }, subSite), { word: 'done' }],
  ];
  for (const [name, scene, word] of handed) {
    await scene.start();
    if (word !== undefined) await untilHanded(lab, scene);
    if (word === 'cancel') await scene.handle.cancel();
    else if (word !== undefined) await scene.handle.executeUpdate(answerHandoff, { args: [word] });
    await scene.end();
    keep(name, await lab.takeRuns());
  }
}

/** The workflows that make one call. */
async function recordCalls(lab: WorkflowServer): Promise<void> {
  const user: MiniAppUser = {
    zalo_user_id: '1',
    name: 'Nguyễn Thị Mẫu',
    avatar: '',
    gender: '',
    email: '',
    mobile: '',
  };
  const calls: [name: string, workflow: string, argument: unknown, Script][] = [
    [
      'mini-app',
      workflows.miniAppRegister.name,
      user,
      { registerMiniAppUser: () => ({ outcome: 'registered', userId: 1, username: 'zalo_1' }) },
    ],
    [
      'pull',
      workflows.pullTasks.name,
      'social',
      {
        dispatchTasks: () => ({
          pulled: 1,
          started: 1,
          open: 0,
          waiting: 0,
          notEnabled: {},
          malformed: [],
          held: 0,
          warnings: [],
        }),
      },
    ],
  ];
  for (const [name, workflow, argument, script] of calls) {
    const { handle } = lab.scene(script);
    await lab.client.workflow.start(workflow, {
      workflowId: handle.workflowId,
      taskQueue: taskQueues.workflows,
      args: [argument],
    });
    await handle.result();
    keep(name, await lab.takeRuns());
  }
}

/** A gate that goes on as a new run, with those that wait; only the ordinary server can be told to suggest that early. */
async function recordLongGate(): Promise<void> {
  const lab = await startWorkflowServer({
    keys: replayKeys,
    realTime: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=30'],
  });
  try {
    lab.enable('busy.test', { every: '1s' });
    const scenes = Array.from({ length: 4 }, () => lab.scene({}, { domain: 'busy.test' }));
    for (const scene of scenes) await scene.start();
    for (const scene of scenes) await scene.end();
    keepGates('busy', await lab.takeRuns());
  } finally {
    await lab.close();
  }
}

function isGate({ workflowId }: Run): boolean {
  return workflowId.startsWith('site/');
}

/** Compact, since what was recorded stays in the repository for good. */
function write(name: string, { history }: Run): void {
  writeFileSync(`${folder}/${name}.json`, `${JSON.stringify(JSON.parse(historyToJSON(history)))}\n`);
}

function keep(name: string, runs: Run[]): void {
  const [run] = runs.filter((each) => !isGate(each));
  write(name, run!);
}

function keepGates(name: string, runs: Run[]): void {
  for (const [place, run] of runs.filter(isGate).entries()) write(`site-gate-${name}-${place + 1}`, run);
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const lab = await startWorkflowServer({ keys: replayKeys });
try {
  await recordSocial(lab);
  await recordEntity(lab);
  await recordPodcasts(lab);
  await recordHandoffs(lab);
  await recordCalls(lab);
} finally {
  await lab.close();
}
await recordLongGate();
