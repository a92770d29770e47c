import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** What the lock file says of one place in node_modules, of the root (``) or of a workspace. */
interface Locked {
  version?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
const product = packages['']!.dependencies!;
const practice = packages.practice!.dependencies!;

/** Where Node finds a package that the code at `from` asks for: in its own node_modules, or in one further up. */
function locate(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const place = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (packages[place]) return place;
    if (folder === '') return undefined;
  }
}

/** The names of the packages that an install without devDependencies and workspaces brings. */
function findInstalled(): Set<string> {
  const places = new Set<string>();
  const visit = (from: string) => {
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = packages[from]!;
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const place = locate(name, from);
      const mayLack = optionalDependencies?.[name] ?? peerDependenciesMeta?.[name]?.optional;
      if (place === undefined && !mayLack) throw new Error(`the lock file has no ${name}, which ${from} needs`);
      if (place === undefined || places.has(place)) continue;
      places.add(place);
      visit(place);
    }
  };
  visit('');
  return new Set([...places].map((place) => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)));
}

test('production has none of the packages that only practice/ needs', () => {
  const own = Object.keys(practice).filter((name) => !product[name]);
  expect(own).toEqual(
    expect.arrayContaining([
      '@fastify/cookie',
      '@fastify/formbody',
      '@fastify/multipart',
      'hoodiecrow-imap',
      'smtp-server',
    ]),
  );
  const installed = findInstalled();
  expect(installed.size).toBeGreaterThan(200);
  expect([...own, 'enlist-practice'].filter((name) => installed.has(name))).toEqual([]);
});

test('the image is installed without workspaces and devDependencies', () => {
  expect(read('Dockerfile').match(/npm ci.*/g)).toEqual(['npm ci --omit=dev --ignore-scripts --workspaces=false']);
});

test('what both the product and practice/ need is of one version', () => {
  for (const [name, version] of Object.entries(practice)) expect(product[name] ?? version, name).toBe(version);
});
