import { readFileSync } from 'node:fs';
import path from 'node:path';

const imports = /^(?:import(?! type)|export)[^;]*? from '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm;
const readers = [
  /\b(?:readEnvironment|readOrMakeKeys)\(([^)]*)\)/g,
  /\bprocess\.env(\.[A-Z][A-Z0-9_]*)/g,
  /\{([^{}]*)\} = process\.env\b/g,
];

/** The environment variables that programs read, in any of their files: `entries` and all that those import. */
export function findReads(...entries: string[]): Set<string> {
  const files = new Set(entries);
  const names = new Set<string>();
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    for (const [, from, later] of text.matchAll(imports)) files.add(path.resolve(path.dirname(file), (from ?? later)!));
    for (const reader of readers)
      for (const [, read] of text.matchAll(reader))
        for (const [name] of read!.matchAll(/\b[A-Z][A-Z0-9_]+\b/g)) names.add(name);
  }
  return names;
}
