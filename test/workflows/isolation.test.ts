import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { taskQueues } from '../../temporal/task-queues.ts';
import { bundleWorkflows, startWorkflowServer } from '../support/workflow-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('workflows of one worker share no state of their modules', async () => {
  const lab = await startWorkflowServer({
    workflows: fileURLToPath(new URL('./counting-workflow.ts', import.meta.url)),
  });
  try {
    const run = (workflowId: string) =>
      lab.client.workflow.execute('countRuns', { workflowId, taskQueue: taskQueues.workflows });
    expect([await run('first'), await run('second'), await run('third')]).toEqual([1, 1, 1]);
  } finally {
    await lab.close();
  }
});

test('the workflows’ bundle holds them, Temporal’s workflow packages, and nothing else', async () => {
  const { code } = await bundleWorkflows();
  const map = /sourceMappingURL=data:application\/json;charset=utf-8;base64,([\w+/=]+)/.exec(code)![1]!;
  const { sources } = JSON.parse(Buffer.from(map, 'base64').toString('utf8')) as { sources: string[] };
  const files = sources.filter((source) => path.isAbsolute(source)).map((source) => path.relative(root, source));
  const packages = new Set(
    files
      .filter((file) => file.startsWith('node_modules/'))
      .map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)![1]),
  );
  expect([...packages].sort()).toEqual(['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc']);

  const ours = files.filter((file) => !file.startsWith('node_modules/'));
  expect(ours).toContain('workflows/social/social-register.ts');
  const allowed =
    /^(workflows\/(?:[\w-]+\/)?[\w-]+\.(ts|cjs)|contracts\/(workflows|flows|flow-statuses)\.ts|temporal\/(task-queues|workflow-ids)\.ts|temporal\/failure-converter\.cjs)$/;
  expect(ours.filter((file) => !allowed.test(file))).toEqual([]);
});
