import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildWorkflowBundle, provideWorkflows } from '../../temporal/workflow-bundle.ts';
import { replayKeys } from '../replay/keys.ts';
import { findMisfits } from '../support/workflow-server.ts';

const history = fileURLToPath(new URL('../replay/histories/0.5.0/entity-connected.json', import.meta.url));

let folder: string;
let file: string;
let bundle: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'enlist-bundle-'));
  file = path.join(folder, 'workflow-bundle.cjs');
  bundle = await buildWorkflowBundle();
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('in production', () => {
  const refusal = () => {
    try {
      provideWorkflows('production', file);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('the bundle was taken');
  };

  test('a worker takes the bundle that was made, and runs the workflows of it', async () => {
    writeFileSync(file, bundle);
    const { options, problem } = provideWorkflows('production', file);
    expect([options.workflowsPath, problem]).toEqual([undefined, undefined]);
    const run = { workflowId: 'recorded', history: historyFromJSON(JSON.parse(readFileSync(history, 'utf8'))) };
    expect(await findMisfits([run], options.workflowBundle as { code: string }, replayKeys)).toEqual([]);
  });

  test('where none was made a worker bundles the source, and its operator is told', () => {
    rmSync(file, { force: true });
    expect(provideWorkflows('production', file)).toEqual({
      options: { workflowsPath: expect.stringMatching(/workflows.index\.ts$/) as string },
      problem: expect.stringContaining('run "npm run build-workflows"') as string,
    });
  });

  test('a bundle with another fingerprint is refused', () => {
    writeFileSync(file, bundle.replace(/"fingerprint":"\w{8}/, '"fingerprint":"00000000'));
    expect(refusal()).toBe(`${file} is not that of this code: run "npm run build-workflows"`);
  });

  test('a bundle of which a file is gone is refused', () => {
    writeFileSync(file, bundle.replace('"workflows/steps.ts"', '"workflows/gone.ts"'));
    expect(refusal()).toContain('is not that of this code');
  });

  test('a bundle that was cut off is refused', () => {
    for (const part of ['', bundle.slice(0, bundle.length / 2), bundle.slice(0, -1)]) {
      writeFileSync(file, part);
      expect(refusal()).toContain('is not a whole bundle');
    }
  });
});

test('elsewhere a worker bundles the source by itself, whatever bundle there is', () => {
  writeFileSync(file, bundle);
  for (const environment of ['development', 'test']) {
    expect(provideWorkflows(environment, file)).toEqual({
      options: { workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)) },
    });
  }
});
