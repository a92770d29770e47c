import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import proto from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { findTools } from '../../scripts/setup/tools.mjs';
import { AlreadyExists, SiteDown } from '../../sites/kit/errors.ts';
import { makeDataConverter } from '../../temporal/data-converter.ts';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import { startMiniApp } from '../../temporal/start-mini-app.ts';
import { taskQueues } from '../../temporal/task-queues.ts';
import { pullScheduleId } from '../../temporal/workflow-ids.ts';
import { bundleWorkflows, type Lab, type Run, startLab } from '../support/workflow-lab.ts';
import { type Script, session, stepFailure, untilCancelled } from '../support/workflow-scene.ts';
import { replayKeys } from './keys.ts';

// Records a history of every workflow and of its main outcomes: node --import tsx test/replay/record.ts VERSION
const [version] = process.argv.slice(2);
if (!version || !/^\d+\.\d+\.\d+$/.test(version)) throw new Error('say of which version the histories are: record.ts 0.1.0');
const folder = fileURLToPath(new URL(`./histories/${version}`, import.meta.url));

const mailWanted = { kind: 'link' as const, from: ['site.test'] };
const noAnswer = () => stepFailure(new Error('the answer was lost'), true);

/** Each ends in another way. */
const socialScripts: Record<string, Script> = {
  completed: {},
  confirmed: { createAccount: () => ({ session, awaiting: mailWanted }) },
  'profile-failed': { updateProfile: () => ({ session, profileUrl: 'https://site.test/u/brand', problems: ['Avatar refused'] }) },
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

async function recordSocial(lab: Lab): Promise<void> {
  for (const [name, script] of Object.entries(socialScripts)) {
    await lab.scene(script).run();
    keep(`social-${name}`, await lab.takeRuns());
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

async function recordEntity(lab: Lab): Promise<void> {
  await lab.scene({}, { flow: 'entity', status: 'register' }).run();
  keep('entity-registered', await lab.takeRuns());
  await lab.scene({}, { flow: 'entity', status: 'connect' }).run();
  keep('entity-connected', await lab.takeRuns());
  const asksForCode: Script = { signIn: () => ({ session, awaiting: mailWanted }), answerSignIn: () => ({ session }) };
  await lab.scene(asksForCode, { flow: 'entity', status: 'connect' }).run();
  keep('entity-connected-by-code', await lab.takeRuns());
  const missing: Script = { addLinks: () => ({ profileUrl: 'https://site.test/u/brand', added: 0, kept: 0, missing: ['https://brand.test/'] }) };
  await lab.scene(missing, { flow: 'entity', status: 'connect' }).run();
  keep('entity-connect-failed', await lab.takeRuns());
}

/** The workflows that make one call: their activities are the whole of their worker. */
async function recordCalls(): Promise<void> {
  const dataConverter = makeDataConverter(replayKeys);
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: findTools().testServer! } },
    client: { dataConverter },
  });
  const keyword = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
  const names = Object.values(searchAttributes).map(({ name }) => [name, keyword] as const);
  await env.connection.operatorService.addSearchAttributes({ namespace: 'default', searchAttributes: Object.fromEntries(names) });
  const common = { connection: env.nativeConnection, dataConverter, identity: 'lab' };
  const activities = {
    dispatchTasks: () => ({ pulled: 1, started: 1, open: 0, notEnabled: {}, malformed: [], held: 0, warnings: [] }),
    registerMiniAppUser: () => ({ outcome: 'registered', userId: 1, username: 'zalo_1' }),
  };
  const services = await Worker.create({ ...common, taskQueue: taskQueues.services, activities });
  const workflows = await Worker.create({ ...common, taskQueue: taskQueues.workflows, workflowBundle: await bundleWorkflows() });
  await services.runUntil(
    workflows.runUntil(async () => {
      const user = { zalo_user_id: '1', name: 'Nguyễn Thị Mẫu', avatar: '', gender: '' as const, email: '', mobile: '' };
      const { workflowId } = await startMiniApp(env.client, 7, user);
      const pull = { workflowId: pullScheduleId('social'), taskQueue: taskQueues.workflows, args: ['social'] };
      await env.client.workflow.start('pullTasks', pull);
      for (const [name, id] of [['mini-app', workflowId], ['pull', pull.workflowId]] as const) {
        const handle = env.client.workflow.getHandle(id);
        await handle.result();
        keep(name, [{ workflowId: id, runId: '', history: await handle.fetchHistory() }]);
      }
    }),
  );
  await env.teardown();
}

function keep(name: string, runs: Run[]): void {
  for (const { workflowId, history } of runs) {
    const file = workflowId.startsWith('site/') ? `site-gate-of-${name}` : name;
    writeFileSync(`${folder}/${file}.json`, `${historyToJSON(history)}\n`);
  }
}

mkdirSync(folder, { recursive: true });
const lab = await startLab({ keys: replayKeys });
try {
  await recordSocial(lab);
  await recordEntity(lab);
} finally {
  await lab.close();
}
await recordCalls();
