import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folders = [
  'activities',
  'config',
  'contracts',
  'manager',
  'scripts',
  'services',
  'sites',
  'temporal',
  'workers',
  'workflows',
];

/** Copies the product's code into a temporary folder, where `change` rewrites files; processes can be started from there. */
export function copyCode(change: Record<string, (text: string) => string>): string {
  const copy = mkdtempSync(path.join(tmpdir(), 'enlist-copy-'));
  for (const folder of folders) cpSync(path.join(root, folder), path.join(copy, folder), { recursive: true });
  for (const file of ['package.json', 'tsconfig.json']) cpSync(path.join(root, file), path.join(copy, file));
  for (const folder of ['node_modules', '.tools']) symlinkSync(path.join(root, folder), path.join(copy, folder));
  for (const [name, rewrite] of Object.entries(change)) {
    const file = path.join(copy, name);
    const text = readFileSync(file, 'utf8');
    const changed = rewrite(text);
    if (changed === text) throw new Error(`${name} has nothing of what was to be changed`);
    writeFileSync(file, changed);
  }
  return copy;
}

/** A copy whose workflows do one thing more, and say so: what the first code began, it can't go on with. */
export function copyNextVersion(): string {
  return copyCode({
    'workflows/account/run-register-phase.ts': (text) => {
      const more = text
        .replace(
          "import { setCurrentDetails } from '@temporalio/workflow';",
          "import { setCurrentDetails, sleep } from '@temporalio/workflow';",
        )
        .replace(
          'const { session } = await createAndConfirmAccount(registration);',
          'await sleep(1);\n  const { session } = await createAndConfirmAccount(registration);',
        )
        .replace("note: 'account made, profile furnished'", "note: 'made by the next version'");
      if (more.match(/sleep\(1\)|made by the next version/g)?.length !== 2)
        throw new Error('workflows/account/run-register-phase.ts is another than this change was made for');
      return more;
    },
  });
}
