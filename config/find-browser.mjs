import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const toolsFolder = path.join(root, '.tools');
export const foundFile = path.join(toolsFolder, 'found.json');

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** @param {string[]} names */
export function findOnPath(...names) {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  return names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(isExecutable);
}

function playwrightFolder() {
  const set = process.env.PLAYWRIGHT_BROWSERS_PATH;
  if (set === '0') return path.join(root, 'node_modules/playwright-core/.local-browsers');
  if (set) return path.resolve(set);
  const cache =
    process.platform === 'darwin'
      ? path.join(os.homedir(), 'Library/Caches')
      : process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return path.join(cache, 'ms-playwright');
}

/** @param {string} folder */
function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The newest browser of that name that Playwright has downloaded completely, which it marks with a file. */
function findPlaywrightBrowser(name, programs) {
  const folder = playwrightFolder();
  const revisions = list(folder)
    .flatMap((entry) => (entry.startsWith(`${name}-`) ? [Number(entry.slice(name.length + 1))] : []))
    .filter(Number.isInteger)
    .sort((a, b) => b - a);
  for (const revision of revisions) {
    const home = path.join(folder, `${name}-${revision}`);
    const entries = list(home);
    if (!entries.includes('INSTALLATION_COMPLETE')) continue;
    const found = entries
      .flatMap((entry) => programs.map((program) => path.join(home, entry, program)))
      .find(isExecutable);
    if (found) return found;
  }
  return undefined;
}

/** A whole browser, which can also show its window. */
export function findWholeBrowser() {
  const apps = ['/Applications', path.join(os.homedir(), 'Applications')];
  return (
    findPlaywrightBrowser('chromium', [
      'chrome',
      'Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
    ]) ??
    findOnPath('chromium', 'google-chrome', 'google-chrome-stable') ??
    apps
      .flatMap((folder) => [
        `${folder}/Google Chrome.app/Contents/MacOS/Google Chrome`,
        `${folder}/Chromium.app/Contents/MacOS/Chromium`,
      ])
      .find(isExecutable)
  );
}

/** The headless shell first, since a page takes it a third of the time of full Chromium; then any other. */
export function searchBrowser() {
  return (
    findOnPath('chromium-headless-shell') ??
    findPlaywrightBrowser('chromium_headless_shell', ['chrome-headless-shell', 'headless_shell']) ??
    findWholeBrowser()
  );
}

/** What the last set-up found, if it is still there. */
export function readFound() {
  let found;
  try {
    found = JSON.parse(readFileSync(foundFile, 'utf8'));
  } catch {
    return {};
  }
  return Object.fromEntries(
    Object.entries(found ?? {}).filter(([, file]) => typeof file === 'string' && isExecutable(file)),
  );
}

/** The browser to use: BROWSER_PATH's, the one that the set-up found, or the best that is there now. */
export function findBrowser() {
  const set = process.env.BROWSER_PATH;
  if (!set) return readFound().browser ?? searchBrowser();
  if (!isExecutable(set)) throw new Error(`BROWSER_PATH is ${set}, which is no program that can be run`);
  return set;
}
