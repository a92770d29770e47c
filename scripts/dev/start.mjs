import { spawn } from 'node:child_process';
import path from 'node:path';
import { root } from '../../config/find-browser.mjs';
import { setUpOrExit } from './setup.mjs';

setUpOrExit({ for: 'start' });

const child = spawn(
  process.execPath,
  ['--import', 'tsx', path.join(root, 'scripts/dev/demo/demo.ts'), ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
  },
);

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // A terminal's Ctrl-C reaches the child by itself: passed on as well, it would count as a second one.
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(signal);
  });
}

child.on('exit', (code, signal) => {
  if (signal) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else {
    process.exitCode = code ?? 1;
  }
});
