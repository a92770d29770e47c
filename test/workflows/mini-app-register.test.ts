import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { MiniAppUser } from '../../contracts/mini-app.ts';
import type { MiniAppOutcome } from '../../contracts/outcomes.ts';
import { searchAttributes } from '../../contracts/workflows.ts';
import { startMiniApp } from '../../temporal/start-mini-app.ts';
import { miniAppWorkflowId } from '../../temporal/workflow-ids.ts';
import { activityFailure, type Script, type ScriptedTask } from '../support/scripted-task.ts';
import { startWorkflowServer, type WorkflowServer } from '../support/workflow-server.ts';

let lab: WorkflowServer;
beforeAll(async () => {
  lab = await startWorkflowServer();
});
afterEach(() => lab.replay());
afterAll(() => lab.close());

const second = 1_000;
const shopId = 7;
const unavailable = () => activityFailure('MiniAppUnavailable', 'the server answers 503');

let users = 0;
/** The workflow of a user of its own, and what registering the user comes to. */
function openUser(registerMiniAppUser: NonNullable<Script['registerMiniAppUser']>): {
  user: MiniAppUser;
  scene: ScriptedTask;
} {
  const user: MiniAppUser = {
    zalo_user_id: `user-${++users}`,
    name: 'Nguyễn Thị Mẫu',
    avatar: '',
    gender: '',
    email: '',
    mobile: '',
  };
  // Its workflow's id has the form of a task's, though a user is none.
  const [flow, ...id] = miniAppWorkflowId(shopId, user.zalo_user_id).split('/');
  return { user, scene: lab.scene({ registerMiniAppUser }, { flow: flow as never, fields: { id: id.join('/') } }) };
}

const start = (user: MiniAppUser) => startMiniApp(lab.client, shopId, user);

async function attributesOf({ handle }: ScriptedTask) {
  const { typedSearchAttributes } = await handle.describe();
  return [typedSearchAttributes.get(searchAttributes.flow), typedSearchAttributes.get(searchAttributes.outcome)];
}

test.each<MiniAppOutcome>([
  { outcome: 'registered', userId: 5, username: 'zalo_5' },
  { outcome: 'exists' },
  { outcome: 'failed', reason: '401 invalid seller token' },
])('a registration is tried once, ends as it came out, and can be found by that ($outcome)', async (end) => {
  const { user, scene } = openUser(() => end);
  expect(await start(user)).toEqual({ workflowId: scene.handle.workflowId, state: 'started' });
  expect(await scene.end()).toEqual(end);
  expect(scene.calls.map(({ name, args }) => [name, ...args])).toEqual([['registerMiniAppUser', user]]);
  expect(await attributesOf(scene)).toEqual(['mini-app', end.outcome]);
});

test('a server that is away is waited for, ever longer, and for two minutes at most between two calls', async () => {
  const failures = Array.from({ length: 10 }, unavailable);
  const { user, scene } = openUser(() => {
    const failure = failures.shift();
    if (failure) throw failure;
    return { outcome: 'exists' };
  });
  await start(user);
  expect(await scene.end()).toEqual({ outcome: 'exists' });
  const at = scene.calls.map((call) => call.at);
  expect(at.slice(1).map((time, index) => Math.round((time - at[index]!) / second))).toEqual([
    1, 2, 4, 8, 16, 32, 64, 120, 120, 120,
  ]);
});

test('a server that was lost without an answer is called again', async () => {
  const { user, scene } = openUser(async () => {
    if (scene.calls.length === 1) await lab.env.sleep('61 seconds');
    return { outcome: 'exists' };
  });
  await start(user);
  expect(await scene.end()).toEqual({ outcome: 'exists' });
  expect(scene.calls).toHaveLength(2);
});

test('a user whose registration is open is not registered beside it, and afterwards anew', async () => {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const { user, scene } = openUser(async () => {
    await opened;
    return { outcome: 'exists' };
  });
  expect(await start(user)).toMatchObject({ state: 'started' });
  await expect.poll(() => scene.calls.length, { timeout: 10_000 }).toBe(1);
  expect(await start(user)).toEqual({ workflowId: scene.handle.workflowId, state: 'open' });
  open();
  await scene.end();
  expect(scene.calls).toHaveLength(1);
  expect(await start(user)).toMatchObject({ state: 'started' });
  await scene.end();
  expect(scene.calls).toHaveLength(2);
});

test('a cancellation ends a registration that waits for its server', async () => {
  const { user, scene } = openUser(async () => {
    throw unavailable();
  });
  await start(user);
  await expect.poll(() => scene.calls.length, { timeout: 10_000 }).toBeGreaterThan(0);
  await scene.handle.cancel();
  await expect(scene.end()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
});
