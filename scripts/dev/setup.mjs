import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { foundFile, toolsFolder } from '../../config/find-browser.mjs';
import { provideBrowser } from './setup/browser.mjs';
import { installDependencies } from './setup/dependencies.mjs';
import { SetUpError } from './setup/run.mjs';
import { provideServer } from './setup/temporal.mjs';
import { searchTool } from './setup/tools.mjs';

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetUpError(`Node.js ${process.versions.node} is too old: enlist needs 20.19 or later`);
  }
}

/** Leaves the paths for processes that see another PATH or home. BROWSER_PATH is its operator's word, not a find. */
function recordFound() {
  const found = {
    browser: searchTool('browser'),
    temporal: searchTool('temporal'),
    testServer: searchTool('testServer'),
  };
  mkdirSync(toolsFolder, { recursive: true });
  const part = `${foundFile}.${process.pid}`;
  writeFileSync(part, `${JSON.stringify(found, null, 2)}\n`);
  renameSync(part, foundFile);
}

/**
 * Sets up what is missing: npm packages, a browser, Temporal's servers. Says each thing that it does; says nothing and
 * needs no network when all is there. With TEMPORAL_ADDRESS set, `start` needs no Temporal of its own.
 *
 * @param {{ for: 'start' | 'test' }} purpose
 * @throws SetUpError with a sentence that says what to do
 */
export function setUp({ for: purpose }) {
  checkNode();
  installDependencies({ dev: purpose === 'test' });
  provideBrowser();
  if (purpose === 'test' || !process.env.TEMPORAL_ADDRESS) provideServer('temporal');
  if (purpose === 'test') provideServer('testServer');
  recordFound();
}

/** The same for a command: a problem is a message on stderr and exit code 1. */
export function setUpOrExit(purpose) {
  try {
    setUp(purpose);
  } catch (error) {
    process.stderr.write(`set-up: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
