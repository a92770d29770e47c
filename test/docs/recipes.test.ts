import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (file: string) => readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8');
const trim = (lines: string) => lines.split('\n').flatMap((line) => line.trim() || []);

test('what docs/recipes.md writes step by step is the recipe that it ends with', () => {
  const steps = Array.from(read('recipes.md').matchAll(/^```ts\n([^]*?)^```/gm), ([, code]) => trim(code!));
  expect(steps.length).toBeGreaterThan(4);
  const recipe = trim(read('examples/roundup.ts'));
  for (const line of steps.flat()) expect(recipe).toContain(line);
});
