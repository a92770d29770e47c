import path from 'node:path';
import { findBrowser, findOnPath, root } from '../../../config/find-browser.mjs';
import { findReason, lastLines, run, say, SetUpError } from './run.mjs';
import { searchTool } from './tools.mjs';

const isRoot = process.getuid?.() === 0;

function installFromDebian() {
  say('no browser found: installing chromium-headless-shell with apt-get, as root');
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update'], { env });
  const failures = [];
  for (const name of ['chromium-headless-shell', 'chromium']) {
    const { ok, output } = run('apt-get', ['install', '-y', '--no-install-recommends', name], { env });
    if (ok && searchTool('browser')) return;
    failures.push(lastLines(output, 2));
  }
  say(`apt-get has none: ${failures.join(' ')}`);
}

function installFromPlaywright() {
  say("downloading Playwright's headless Chromium (playwright install --only-shell chromium)");
  const systemLibraries = isRoot && findOnPath('apt-get') ? ['--with-deps'] : [];
  const { ok, output } = run(
    process.execPath,
    [path.join(root, 'node_modules/playwright/cli.js'), 'install', '--only-shell', ...systemLibraries, 'chromium'],
    { cwd: root },
  );
  if (!ok) say(`Playwright could not download it: ${findReason(output)}`);
}

/** @throws SetUpError when there is no browser and none can be installed, or when the one there doesn't run */
export function provideBrowser() {
  if (!process.env.BROWSER_PATH) {
    if (!searchTool('browser') && isRoot && findOnPath('apt-get')) installFromDebian();
    if (!searchTool('browser')) installFromPlaywright();
  }
  const browser = process.env.BROWSER_PATH ? findBrowser() : searchTool('browser');
  if (!browser) {
    throw new SetUpError(
      'no browser: install Chromium (Debian: apt-get install chromium-headless-shell) or Chrome, or set BROWSER_PATH to the one that is there',
    );
  }
  const { ok, output } = run(browser, ['--version'], { timeoutMs: 20_000 });
  if (!ok) {
    throw new SetUpError(
      `the browser ${browser} does not run: ${lastLines(output, 2)}\nIf it lacks system libraries: npx playwright install-deps chromium; or set BROWSER_PATH to another one`,
    );
  }
  return browser;
}
