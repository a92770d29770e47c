import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../../config/find-browser.mjs';
import { run, say, SetUpError } from './run.mjs';

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(path.join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * Whether node_modules holds what the lock file names, by the record that npm itself leaves there when an install is
 * done; a workspace is there by its folder and the link to it. It may lack what this platform doesn't need, and, without
 * `dev`, what only development needs.
 */
export function isInstalled({ dev }) {
  const locked = readPackages('package-lock.json');
  const installed = readPackages('node_modules/.package-lock.json');
  if (!locked || !installed) return false;
  return Object.entries(locked).every(([place, wanted]) => {
    if (place === '') return true;
    const there = installed[place];
    if (there) return there.version === wanted.version;
    return Boolean(wanted.optional || wanted.devOptional || (wanted.dev && !dev));
  });
}

export function installDependencies({ dev }) {
  if (isInstalled({ dev })) return;
  say('installing the npm packages of package-lock.json (npm ci)');
  // No package needs its install script: the native ones carry their binaries in packages of their own.
  const { ok, output } = run('npm', ['ci', '--ignore-scripts', ...(dev ? ['--include=dev'] : [])], { cwd: root });
  // npm says why at first, and how to use it at the end.
  if (!ok)
    throw new SetUpError(
      `npm ci failed:\n${output
        .split('\n')
        .filter((line) => !line.startsWith('npm warn'))
        .slice(0, 10)
        .join('\n')}`,
    );
}
