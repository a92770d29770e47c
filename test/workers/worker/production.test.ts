import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findTools } from '../../../scripts/dev/setup/tools.mjs';
import { copyCode } from '../../support/copied-code.ts';

let temporal: TestWorkflowEnvironment;
let copy: string;

beforeAll(async () => {
  copy = copyCode({});
  temporal = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: findTools().temporal! }, extraArgs: ['--log-level', 'error'] },
  });
});
afterAll(async () => {
  await temporal?.teardown();
  rmSync(copy, { recursive: true });
});

/** Runs a file of the copy until it ends, or is ready and is told to stop. */
function run(file: string, args: string[], env: Record<string, string>): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--import', 'tsx', path.join(copy, file), ...args],
      { cwd: copy, env: { ...process.env, ...env } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
    child.stdout!.on('data', (text: string) => {
      if (text.includes('workers ready')) child.kill('SIGTERM');
    });
  });
}

const runWorker = () =>
  run('workers/worker/main.ts', ['--queue', 'workflows'], {
    NODE_ENV: 'production',
    TEMPORAL_ADDRESS: temporal.address,
    ENLIST_KEYS: `test:${randomBytes(32).toString('base64')}`,
  });

test('a worker in production runs the bundle that was made for its code, none of another, and says where there is none', async () => {
  const missing = await runWorker();
  expect(missing).toEqual({ code: 0, output: expect.stringContaining('run \\"npm run build-workflows\\"') });
  expect(missing.output).toContain('workers ready');

  expect(await run('scripts/build-workflows.ts', [], {})).toMatchObject({ code: 0 });
  const prebuilt = await runWorker();
  expect(prebuilt).toEqual({ code: 0, output: expect.stringContaining('workers ready') });
  expect(prebuilt.output).not.toContain('Workflow bundle created');

  appendFileSync(path.join(copy, 'workflows/steps.ts'), '\nexport const more = 1;\n');
  const stale = await runWorker();
  expect(stale).toEqual({ code: 1, output: expect.stringContaining('workflow-bundle.cjs is not that of this code') });
}, 180_000);
