import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { beforeAll, expect, test, vi } from 'vitest';

// The compiler reads the whole repository.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(`${root}docs/add-a-flow.md`, 'utf8');

interface Step {
  file: string;
  blocks: { kind: string; text: string }[];
  /** Where the compiler stops when the step is left out. */
  missedIn: string | undefined;
}

const steps: Step[] = page
  .split(/^##+ /m)
  .filter((section) => /^\d+\. /.test(section))
  .map((section) => ({
    file: /`(.+?)`/.exec(section)![1]!,
    blocks: Array.from(section.matchAll(/^```(ts|diff)\n([^]*?)^```/gm), ([, kind, text]) => ({
      kind: kind!,
      text: text!,
    })),
    missedIn: /^Left out, the compiler stops in `(.+?)`/m.exec(section)?.[1],
  }));

/** A file after a step: its blocks are the whole of it, or lines that go between those that are there. */
function apply({ file, blocks }: Step, before: string | undefined): string {
  let text = before ?? '';
  for (const { kind, text: block } of blocks) {
    const lines = block.trimEnd().split('\n');
    const without = (sign: string) =>
      lines.flatMap((line) => (line.startsWith(sign) ? [] : [line.slice(1)])).join('\n');
    if (kind === 'diff') {
      expect(text.split(without('+')), `${file} has these lines once:\n${without('+')}`).toHaveLength(2);
      text = text.replace(without('+'), () => without('-'));
    } else {
      expect(before, `${file} is new`).toBeUndefined();
      text = block;
    }
  }
  return text;
}

/** The repository's tracked files, in memory, as a step leaves them. */
const texts = new Map<string, string>();
const originals = new Map<string, string | undefined>();
/** The folders that the steps make. */
const folders = new Set(steps.map(({ file }) => path.dirname(root + file)));
let edition = 0;
const editions = new Map<string, number>();

function write(file: string, text: string | undefined): void {
  if (text === undefined) texts.delete(root + file);
  else texts.set(root + file, text);
  editions.set(root + file, ++edition);
}

const read = (at: string) => (at.includes('/node_modules/') ? ts.sys.readFile(at) : texts.get(at));
const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(`${root}tsconfig.json`, (at) => ts.sys.readFile(at)).config,
  ts.sys,
  root,
);
const compiler = ts.createLanguageService({
  getCompilationSettings: () => options,
  getScriptFileNames: () => [...texts.keys()].filter((at) => /\.m?ts$/.test(at)),
  getScriptVersion: (at) => String(editions.get(at) ?? 0),
  getScriptSnapshot(at) {
    const text = read(at);
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
  },
  getCurrentDirectory: () => root,
  getDefaultLibFileName: (given) => ts.getDefaultLibFilePath(given),
  fileExists: (at) => (at.includes('/node_modules/') ? ts.sys.fileExists(at) : texts.has(at)),
  readFile: read,
  directoryExists: (at) => ts.sys.directoryExists(at) || folders.has(at),
  getDirectories: (at) => ts.sys.getDirectories(at),
  ...(ts.sys.realpath && { realpath: (at: string) => (texts.has(at) ? at : ts.sys.realpath!(at)) }),
});

const faults = (file: string) =>
  [...compiler.getSyntacticDiagnostics(root + file), ...compiler.getSemanticDiagnostics(root + file)].map(
    ({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'),
  );

beforeAll(() => {
  for (const file of execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0'))
    if (/\.(m?ts|json)$/.test(file) && !file.startsWith('test/replay/histories/'))
      texts.set(root + file, readFileSync(root + file, 'utf8'));
  for (const step of steps) {
    originals.set(step.file, texts.get(root + step.file));
    write(step.file, apply(step, originals.get(step.file)));
  }
});

test('the page names the files that it says it touches, each once', () => {
  expect(new Set(steps.map(({ file }) => file)).size).toBe(steps.length);
  expect(page).toContain('touches thirteen files');
  expect(steps).toHaveLength(13);
});

test('whoever follows the page has a flow that the compiler takes', () => {
  const program = compiler.getProgram()!;
  const found = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName.slice(root.length)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
  expect(found).toEqual([]);
  const manifest = JSON.parse(texts.get(`${root}package.json`)!) as { scripts: Record<string, string> };
  expect(manifest.scripts.newsletter).toContain('scripts/newsletter.ts');
});

test.each(steps.filter(({ missedIn }) => missedIn))('leaving out $file is noticed in $missedIn', (step) => {
  write(step.file, originals.get(step.file));
  expect(faults(step.missedIn!)).not.toEqual([]);
  write(step.file, apply(step, originals.get(step.file)));
});
