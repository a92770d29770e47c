// Runs vitest's projects `unit`, `integration` and `alone` (see vitest.config.ts), or those that `--project` names. A
// file that is named runs, whichever project has it.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from '../../config/find-browser.mjs';
import { setUpOrExit } from './setup.mjs';
import { findLeftOut } from './setup/software.mjs';

/** Counts tests; a suite that could not be loaded, or failed outside its tests, counts as one failed. */
function count(report) {
  const suites = report?.testResults ?? [];
  const results = suites.flatMap((suite) => suite.assertionResults);
  const brokenSuites = suites.filter(
    (suite) => suite.status === 'failed' && !suite.assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: results.filter((test) => test.status === 'passed').length,
    failed: results.filter((test) => test.status === 'failed').length + brokenSuites.length,
  };
}

function runVitest(args, reportFile) {
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, ...args],
    { cwd: root, stdio: 'inherit' },
  );
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  return new Promise((resolve) => {
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

function chooseProjects(args) {
  const isChosen = args.some((arg) => arg.startsWith('--project') || /^(\.\/)?test\//.test(arg));
  return isChosen ? args : ['--project=unit', '--project=integration', '--project=alone', ...args];
}

setUpOrExit({ for: 'test' });

const folder = mkdtempSync(path.join(tmpdir(), 'enlist-test-'));
const reportFile = path.join(folder, 'report.json');
const code = await runVitest(chooseProjects(process.argv.slice(2)), reportFile);

let report;
try {
  report = JSON.parse(readFileSync(reportFile, 'utf8'));
} catch {
  // Vitest ended before it had anything to report: its exit code says so.
}
rmSync(folder, { recursive: true, force: true });

const { passed, failed: failedTests } = count(report);
let failed = failedTests;
if (code !== 0 && failed === 0) failed = 1;

const suites = (report?.testResults ?? []).map(({ name }) => path.relative(root, name));
const leftOut = findLeftOut(suites);
for (const { file, title, packages } of leftOut) {
  console.log(`left out: what ${file} does with ${title} (Debian: apt-get install ${packages.join(' ')})`);
}
// CI's machine is meant to carry everything: what is left out there, nobody runs.
if (process.env.CI === 'true') failed += leftOut.length;

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
