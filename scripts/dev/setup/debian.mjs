import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { findOnPath } from '../../../config/find-browser.mjs';
import { lastLines, run, say, SetUpError } from './run.mjs';
import { listMissing } from './software.mjs';
import { searchTool } from './tools.mjs';

/** Debian asks this program whether a package may start its service. */
const servicePolicy = '/usr/sbin/policy-rc.d';

/** Packages of everything that tests run and that npm and pip don't bring, as far as this machine lacks it. */
function listPackages() {
  const packages = listMissing().flatMap((software) => software.packages);
  if (!searchTool('browser')) packages.push('chromium-headless-shell');
  if (!run('python3', ['-m', 'pip', '--version']).ok) packages.push('python3-pip');
  return [...new Set(packages)];
}

/** The tests start servers of their own: the packages' services stay down. */
function installPackages(packages) {
  const forbids = !existsSync(servicePolicy);
  if (forbids) {
    writeFileSync(servicePolicy, '#!/bin/sh\nexit 101\n');
    chmodSync(servicePolicy, 0o755);
  }
  try {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', ['update'], { env });
    const { ok, output } = run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { env });
    if (!ok) throw new SetUpError(`apt-get could not install ${packages.join(' ')}: ${lastLines(output)}`);
  } finally {
    if (forbids) rmSync(servicePolicy);
  }
}

/** @throws SetUpError with the command to run, where this may not or can't install what is missing */
function provideSoftware() {
  const packages = listPackages();
  if (packages.length === 0) return;
  if (process.getuid?.() !== 0 || !findOnPath('apt-get')) {
    throw new SetUpError(
      `the tests against real software need: apt-get install ${packages.join(' ')} (Debian's names)`,
    );
  }
  say(`installing ${packages.join(' ')} with apt-get, as root`);
  installPackages(packages);
}

try {
  provideSoftware();
} catch (error) {
  process.stderr.write(`set-up: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
