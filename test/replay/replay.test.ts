import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, type WorkflowBundle } from '@temporalio/worker';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { beforeAll, expect, test } from 'vitest';
import { bundleWorkflows, replay } from '../support/workflow-lab.ts';
import { replayKeys } from './keys.ts';

const folder = fileURLToPath(new URL('./histories', import.meta.url));
const recorded = readdirSync(folder, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.json'))
  .sort();

let bundle: WorkflowBundle;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  bundle = await bundleWorkflows();
});

test('histories of every workflow were recorded', () => {
  const names = recorded.map((file) => file.split('/').at(-1)!);
  for (const workflow of ['social', 'entity', 'mini-app', 'site-gate', 'pull']) {
    expect(names.filter((name) => name.startsWith(workflow)), workflow).not.toEqual([]);
  }
});

test.each(recorded)('a workflow that ran as recorded in %s would decide the same today', async (file) => {
  const history = historyFromJSON(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')));
  await replay([{ workflowId: file, history }], bundle, replayKeys);
});
