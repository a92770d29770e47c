import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { stringify } from 'yaml';

/** Writes a file that only the operator can read. */
export function writePrivate(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
}

/** The keys of an earlier run in this folder, so that what it stored stays readable; else fresh ones. */
export function readOrMakeKeys<Name extends string>(dataDir: string, names: Name[]): Record<Name, string> {
  let earlier: NodeJS.Dict<string> = {};
  try {
    earlier = parseEnv(readFileSync(path.join(dataDir, 'run.env'), 'utf8'));
  } catch {
    // The first run in this folder.
  }
  return Object.fromEntries(
    names.map((name) => [name, process.env[name] || earlier[name] || randomBytes(24).toString('base64url')]),
  ) as Record<Name, string>;
}

/** `DATA_DIR/run.env`: what the other commands take from a running `npm start` (docs/api-contract.md#run-env). */
export function writeRunEnvironment(dataDir: string, values: Record<string, string>): void {
  const lines = Object.entries(values).map(([name, value]) => `${name}=${value}`);
  writePrivate(path.join(dataDir, 'run.env'), `${lines.join('\n')}\n`);
}

export function writeSitesFile(file: string, content: object): void {
  writePrivate(file, `# Written by npm start: the practice sites, on this machine.\n${stringify(content)}`);
}
