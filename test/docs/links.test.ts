import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const pages = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...readdirSync(path.join(root, 'docs'), { recursive: true })
    .map((file) => `docs/${String(file)}`)
    .filter((file) => file.endsWith('.md')),
];

/** What a link may name in a page: its anchors, and its headings as GitHub makes anchors of them. */
function listAnchors(page: string): string[] {
  const text = read(page);
  const headings = Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return [...headings, ...Array.from(text.matchAll(/<a id="([\w-]+)">/g), ([, id]) => id!)];
}

describe.each(pages)('%s', (page) => {
  test('leads to files and headings that are there', () => {
    const links = Array.from(read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g), ([, to, anchor]) => ({
      to: to ? path.join(path.dirname(page), to) : page,
      anchor,
    }));
    expect(links.filter(({ to }) => !existsSync(path.join(root, to)))).toEqual([]);
    expect(links.filter(({ to, anchor }) => anchor && !listAnchors(to).includes(anchor))).toEqual([]);
  });

  test('names commands that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = Array.from(read(page).matchAll(/\bnpm run ([\w:-]+)/g), ([, name]) => name!);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

test('README.md says where things are: the folders that it names exist', () => {
  const [, table = ''] = read('README.md').split('## Where things are');
  const folders = Array.from(table.matchAll(/^\| `([\w-]+\/)`/gm), ([, folder]) => folder!);
  expect(folders.length).toBeGreaterThan(10);
  expect(folders.filter((folder) => !existsSync(path.join(root, folder)))).toEqual([]);
});
