import path from 'node:path';
import {
  findBrowser,
  findOnPath,
  isExecutable,
  readFound,
  searchBrowser,
  toolsFolder,
} from '../../../config/find-browser.mjs';

/** The releases that the set-up installs where the machine has none. */
export const temporalVersion = '1.9.1';
export const testServerVersion = '1.40.0';

/** @param {'temporal' | 'temporal-test-server'} program */
function searchServer(program, version) {
  return findOnPath(program) ?? [path.join(toolsFolder, `${program}-${version}`, 'bin', program)].find(isExecutable);
}

const searches = {
  browser: searchBrowser,
  temporal: () => searchServer('temporal', temporalVersion),
  testServer: () => searchServer('temporal-test-server', testServerVersion),
};

/** @param {'browser' | 'temporal' | 'testServer'} tool */
export function searchTool(tool) {
  return searches[tool]() ?? readFound()[tool];
}

export function findTools() {
  const found = readFound();
  return {
    browser: findBrowser(),
    temporal: found.temporal ?? searches.temporal(),
    testServer: found.testServer ?? searches.testServer(),
  };
}
