import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

const code = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
  .flatMap(({ name }) =>
    readdirSync(path.join(root, name), { recursive: true }).map((file) => `${name}/${String(file)}`),
  )
  .filter((file) => /[.](ts|mts|mjs|cjs)$/.test(file) && !file.includes('node_modules/'));

test('each clause of docs/api-contract.md that the code cites is there, once', () => {
  const ids = Array.from(read('docs/api-contract.md').matchAll(/<a id="([\w-]+)">/g), ([, id]) => id!);
  expect(ids).toEqual([...new Set(ids)]);
  const cited = code.flatMap((file) =>
    Array.from(read(file).matchAll(/docs\/api-contract[.]md#([\w-]+)/g), ([, id]) => ({ file, id: id! })),
  );
  expect(cited.length).toBeGreaterThan(40);
  expect(cited.filter(({ id }) => !ids.includes(id))).toEqual([]);
});
