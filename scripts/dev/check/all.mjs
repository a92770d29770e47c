// Everything that CI checks before the tests. Runs all of it, whatever fails, and names what failed and how to mend it.
import { spawn } from 'node:child_process';
import { root } from '../../../config/find-browser.mjs';

const checks = [
  { name: 'format', script: 'format', mend: 'npm run fix' },
  { name: 'lint', script: 'lint', mend: 'npm run fix mends what it can; the rest stands above' },
  { name: 'types', script: 'typecheck', mend: 'see the errors above' },
  {
    name: 'import rules',
    script: 'check-imports',
    mend: 'each rule says who may import whom: .dependency-cruiser.cjs',
  },
  { name: 'unused code', script: 'knip', mend: 'delete what is named above, or the word export before it' },
  { name: 'compose file', script: 'check-compose', mend: 'see docker-compose.yml and the errors above' },
];

function run(script) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn('npm', ['run', '--silent', script], { cwd: root, stdio: 'inherit' });
    child.on('exit', (code) => resolve({ ok: code === 0, seconds: (performance.now() - started) / 1_000 }));
  });
}

const failed = [];
for (const check of checks) {
  console.log(`── ${check.name}`);
  const { ok, seconds } = await run(check.script);
  console.log(`── ${check.name}: ${ok ? 'ok' : 'FAILED'} (${seconds.toFixed(0)} s)\n`);
  if (!ok) failed.push(check);
}

for (const { name, script, mend } of failed) console.log(`${name} failed (npm run ${script}): ${mend}`);
console.log(`${checks.length - failed.length} of ${checks.length} checks passed`);
process.exitCode = failed.length > 0 ? 1 : 0;
