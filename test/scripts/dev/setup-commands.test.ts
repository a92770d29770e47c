import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { variables } from '../../../config/variables.ts';

const repository = path.resolve(import.meta.dirname, '../../..');

/** A checkout of its own that has all it needs: npm start and npm test find nothing to set up. */
let checkout: string;
let bin: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  checkout = await realpath(await mkdtemp(path.join(os.tmpdir(), 'enlist-command-')));
  bin = path.join(checkout, 'bin');
  await cp(path.join(repository, 'scripts/dev/setup'), path.join(checkout, 'scripts/dev/setup'), { recursive: true });
  for (const file of [
    'config/duration.ts',
    'config/find-browser.mjs',
    'config/variables.ts',
    'scripts/dev/setup.mjs',
    'scripts/dev/start.mjs',
    'scripts/dev/test.mjs',
    'vitest.config.ts',
  ]) {
    await cp(path.join(repository, file), path.join(checkout, file));
  }
  await mkdir(path.join(checkout, 'node_modules'));
  for (const name of ['tsx', 'vitest', 'zod'])
    await symlink(path.join(repository, 'node_modules', name), path.join(checkout, 'node_modules', name));
  await writeFile(path.join(checkout, 'package.json'), '{"type":"module"}');
  for (const file of ['package-lock.json', 'node_modules/.package-lock.json'])
    await writeFile(path.join(checkout, file), '{"packages":{}}');
  await mkdir(bin);
  await symlink(process.execPath, path.join(bin, 'node'));
  for (const name of ['chromium-headless-shell', 'temporal', 'temporal-test-server']) {
    await writeFile(path.join(bin, name), '#!/bin/sh\n', { mode: 0o755 });
  }
});

afterEach(async () => {
  for (const { pid, exitCode, signalCode } of children.splice(0)) {
    // The whole group: a command that failed its test may have left its child.
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
  }
  await rm(checkout, { recursive: true });
});

async function suite(file: string, text: string) {
  await mkdir(path.dirname(path.join(checkout, file)), { recursive: true });
  await writeFile(path.join(checkout, file), text);
}

function run(script: string, args: string[] = [], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [path.join(checkout, 'scripts/dev', script), ...args], {
    env: { PATH: bin, HOME: checkout, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  children.push(child);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number,
    stdout,
    lastLine: stdout.trimEnd().split('\n').at(-1),
  }));
  return { child, ended };
}

describe('npm test', () => {
  const passing = "import { test } from 'vitest';\ntest('passes', () => {});\n";
  const failing = "import { test } from 'vitest';\ntest('fails', () => { throw new Error('no'); });\n";

  test('ends with the count of all tests', async () => {
    await suite('test/unit/one.test.ts', passing);
    await suite('test/workflows/two.test.ts', passing);
    expect(await run('test.mjs').ended).toMatchObject({ code: 0, lastLine: '2 passed, 0 failed' });
  });

  test('runs the unit tests alone, or the long ones too, when it is told so', async () => {
    await suite('test/unit/one.test.ts', passing);
    await suite('test/workflows/two.test.ts', passing);
    await suite('test/chaos/three.test.ts', passing);
    const count = async (...args: string[]) => (await run('test.mjs', args).ended).lastLine;
    expect(await count('--project=unit')).toBe('1 passed, 0 failed');
    expect(await count()).toBe('2 passed, 0 failed');
    expect(await count('--project=*')).toBe('3 passed, 0 failed');
    expect(await count('test/chaos')).toBe('1 passed, 0 failed');
  });

  test('counts a failed test, and a suite that does not load as one', async () => {
    await suite('test/unit/one.test.ts', passing);
    await suite('test/unit/two.test.ts', failing);
    await suite('test/unit/three.test.ts', `import './nowhere.ts';\n${passing}`);
    expect(await run('test.mjs').ended).toMatchObject({ code: 1, lastLine: '1 passed, 2 failed' });
  });

  test('fails for an error that no test caught', async () => {
    await suite('test/unit/one.test.ts', `${passing}void Promise.reject(new Error('lost'));\n`);
    expect(await run('test.mjs').ended).toMatchObject({ code: 1, lastLine: '1 passed, 1 failed' });
  });

  test('fails when it finds no test', async () => {
    await suite('test/unit/one.test.ts', passing);
    expect(await run('test.mjs', ['test/nowhere']).ended).toMatchObject({ code: 1, lastLine: '0 passed, 1 failed' });
  });

  test('hands what follows to vitest', async () => {
    await suite('test/unit/one.test.ts', passing);
    await suite('test/unit/two.test.ts', failing);
    expect(await run('test.mjs', ['test/unit/one']).ended).toMatchObject({ code: 0, lastLine: '1 passed, 0 failed' });
  });

  test('names a suite that the machine can’t carry, and fails for it in CI only', async () => {
    await suite('test/support/mediawiki.ts', 'export const wiki = 1;\n');
    await suite('test/sites/wiki.test.ts', `import { wiki } from '../support/mediawiki.ts';\n${passing}void wiki;\n`);
    const alone = await run('test.mjs').ended;
    expect(alone).toMatchObject({ code: 0, lastLine: '1 passed, 0 failed' });
    expect(alone.stdout).toMatch(/left out: .*test\/sites\/wiki\.test\.ts.*apt-get install mediawiki/);
    expect(await run('test.mjs', [], { CI: 'true' }).ended).toMatchObject({ code: 1, lastLine: '1 passed, 1 failed' });
    await suite('test/unit/one.test.ts', passing);
    expect((await run('test.mjs', ['test/unit/one']).ended).stdout).not.toContain('left out');
  });

  test('keeps an operator’s settings from the tests', async () => {
    const { NODE_ENV, BROWSER_PATH, ...kept } = Object.fromEntries(
      [...Object.keys(variables), 'TEMPORAL_ADDRESS', 'TEMPORAL_TLS'].map((name) => [name, 'planted-value']),
    );
    await suite(
      'test/unit/one.test.ts',
      "import { expect, test } from 'vitest';\ntest('sees none', () => { expect(Object.values(process.env)).not.toContain('planted-value'); });\n",
    );
    expect(await run('test.mjs', [], { ...kept, NODE_ENV: 'production' }).ended).toMatchObject({
      code: 0,
      lastLine: '1 passed, 0 failed',
    });
  });
});

describe('npm start', () => {
  test('hands its arguments over and ends with the same code', async () => {
    await suite('scripts/dev/demo/demo.ts', 'console.log(process.argv.slice(2).join()); process.exitCode = 3;\n');
    expect(await run('start.mjs', ['--once']).ended).toMatchObject({ code: 3, lastLine: '--once' });
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('passes %s on, once, and waits for the end', async (signal) => {
    await suite(
      'scripts/dev/demo/demo.ts',
      `let got = 0; const alive = setInterval(() => {}, 1000);
process.on('${signal}', () => { got += 1; setTimeout(() => { clearInterval(alive); console.log('got ' + got); process.exitCode = 4; }, 200); });
console.log('up');\n`,
    );
    const { child, ended } = run('start.mjs');
    await once(child.stdout, 'data');
    child.kill(signal);
    expect(await ended).toMatchObject({ code: 4, lastLine: 'got 1' });
  });
});
