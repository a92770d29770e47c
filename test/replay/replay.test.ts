import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { bundleWorkflows, findMisfits } from '../support/workflow-server.ts';
import { replayKeys } from './keys.ts';

const folder = fileURLToPath(new URL('./histories', import.meta.url));
const recorded = readdirSync(folder, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.json'))
  .sort();

let misfits: string[];
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const runs = recorded.map((file) => ({
    workflowId: file,
    history: historyFromJSON(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'))),
  }));
  misfits = await findMisfits(runs, await bundleWorkflows(), replayKeys);
});

test('histories of every workflow were recorded', () => {
  const names = recorded.map((file) => file.split('/').at(-1)!);
  for (const workflow of ['social', 'entity', 'podcast-request', 'podcast-together', 'mini-app', 'site-gate', 'pull']) {
    expect(
      names.filter((name) => name.startsWith(workflow)),
      workflow,
    ).not.toEqual([]);
  }
});

test.each(recorded)('a workflow that ran as recorded in %s would decide the same today', (file) => {
  expect(misfits.filter((misfit) => misfit.startsWith(`${file}: `))).toEqual([]);
});
