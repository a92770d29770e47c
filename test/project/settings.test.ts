import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Reader, type Variable, variables } from '../../config/variables.ts';
import { findReads } from '../support/find-reads.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const inRoot = (...files: string[]) => files.map((file) => path.join(root, file));
const table: [string, Variable][] = Object.entries(variables);
const mustBeSet = ({ schema, default: fallback }: Variable) => !schema.safeParse(fallback).success;

const entries: Record<Reader, string[]> = {
  worker: inRoot('workers/worker/main.ts'),
  manager: inRoot('manager/main.ts'),
  'codec server': inRoot('workers/codec-server/main.ts'),
  commands: readdirSync(path.join(root, 'scripts')).flatMap((name) =>
    name.endsWith('.ts') ? inRoot(`scripts/${name}`) : [],
  ),
  'set-up': inRoot('scripts/dev/start.mjs', 'scripts/dev/test.mjs'),
  demonstration: inRoot('scripts/dev/demo/demo.ts'),
};

/** What is read, and is not enlist's to explain. */
const othersVariables = {
  CI: 'set by what runs the tests: a suite left out fails them there',
  DISPLAY: 'set by the desktop',
  PATH: 'where programs are looked for',
  PLAYWRIGHT_BROWSERS_PATH: "Playwright's: where it has put its browsers",
  PRACTICE_CONFIG: 'how npm start tells the practice sites their file, and nobody else does',
  TEMPORAL_ADDRESS: "of Temporal's SDK; with it, npm start starts no Temporal of its own",
  TEMPORAL_NAMESPACE: "of Temporal's SDK",
  WAYLAND_DISPLAY: 'set by the desktop',
  XDG_CACHE_HOME: 'where Playwright has its folder',
};

describe('the list of variables', () => {
  test.each(Object.keys(entries) as Reader[])('names all that is read by: %s', (reader) => {
    const listed = table.flatMap(([name, { readBy }]) => (readBy.includes(reader) ? [name] : []));
    const found = [...findReads(...entries[reader])].filter((name) => !(name in othersVariables));
    expect(found.sort()).toEqual(listed.sort());
  });

  test('leaves out what is not enlist’s, and nothing else', () => {
    const found = findReads(...Object.values(entries).flat(), ...inRoot('practice/main.ts'));
    expect([...found].filter((name) => !(name in variables)).sort()).toEqual(Object.keys(othersVariables));
  });

  test('has defaults that can be read', () => {
    for (const [name, { schema, default: fallback }] of table)
      if (fallback !== undefined) expect(schema.safeParse(fallback), name).toMatchObject({ success: true });
  });
});

test('README’s table says of each variable what the list says', () => {
  const [, settings] = /^### Settings$([^]*?)^### /m.exec(read('README.md'))!;
  const rows = [...settings!.matchAll(/^\| (`.+) \|$/gm)].map(([, cells]) => cells!.split(' | '));
  const writeDefault = (variable: Variable) =>
    variable.unset ?? (mustBeSet(variable) ? '*required*' : variable.default ? `\`${variable.default}\`` : '–');
  expect(rows.filter(([names]) => !names!.includes('TEMPORAL_'))).toEqual(
    table.map(([name, variable]) => [`\`${name}\``, writeDefault(variable), variable.does, variable.readBy.join(', ')]),
  );
});

const composeText = read('docker-compose.yml');
const compose = parse(composeText, { merge: true }) as {
  services: Record<string, { command?: string[]; environment?: Record<string, string> }>;
};
const asked = new Set([...composeText.matchAll(/\$\{([A-Z_]+):[?-]/g)].map(([, name]) => name!));
const demanded = new Set([...composeText.matchAll(/\$\{([A-Z_]+):\?/g)].map(([, name]) => name!));

test('.env.example has each variable, commented out unless it must be set', () => {
  const lines = [...read('.env.example').matchAll(/^# (.+)\n(#?)([A-Z_]+)=(.*)$/gm)].map(
    ([, does, comment, name, value]) => ({ name: name!, does: does!, commented: comment === '#', value: value! }),
  );
  expect(lines.filter(({ name }) => name in variables)).toEqual(
    table.map(([name, variable]) => ({
      name,
      does: variable.unset ? `${variable.does} (unset: ${variable.unset})` : variable.does,
      commented: !mustBeSet(variable) && !demanded.has(name),
      value: variable.default ?? '',
    })),
  );
  const others = lines.filter(({ name }) => !(name in variables));
  const ofCompose = [...asked].filter((name) => !(name in variables));
  expect(others.map(({ name, commented }) => [name, commented])).toEqual(
    [...ofCompose, 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'].map((name) => [name, !demanded.has(name)]),
  );
});

describe('docker-compose.yml', () => {
  /** What a service reads and is not given, on purpose. */
  const leftOut: Record<string, string[]> = {
    // Its health is asked from inside of its container.
    worker: ['HOST'],
  };
  const image = [...read('Dockerfile').matchAll(/^ENV (.+)$/gm)].flatMap(([, all]) =>
    all!.split(' ').map((one) => one.split('=')[0]!),
  );
  const ours = Object.entries(compose.services).flatMap(([service, { command = [], environment = {} }]) => {
    const entry = command.find((word) => word.endsWith('.ts'));
    return entry ? [{ service, entry, environment }] : [];
  });

  test.each(ours)('gives $service each variable that it reads, and no other', ({ service, entry, environment }) => {
    const wanted = [...findReads(...inRoot(entry))].filter((name) => name in variables && !image.includes(name));
    const given = Object.keys(environment).filter((name) => !name.startsWith('TEMPORAL_'));
    expect([...given, ...(leftOut[service] ?? [])].sort()).toEqual(wanted.sort());
  });

  test.each(ours)('takes what $service is given from the variable of that name, and repeats no default', (one) => {
    for (const [name, value] of Object.entries(one.environment)) {
      const own = /^\$\{([A-Z_]+)(:[?-])(.*)\}$/.exec(value);
      if (!own) continue;
      expect(own[1]).toBe(name);
      if (own[2] === ':-') expect(own[3]).toBe('');
    }
  });
});
