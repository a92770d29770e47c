import path from 'node:path';
import { readEnvironment } from '../../../config/environment.ts';
import { makeCommand, runProgram } from '../../command.ts';
import { demonstrate } from './demonstrate.ts';
import { Processes } from './processes.ts';
import { say } from './say.ts';

const impatienceMs = 1_000;

async function start({ once }: { once?: boolean }): Promise<void> {
  const begun = performance.now();
  const { DATA_DIR } = readEnvironment('DATA_DIR');
  const processes = new Processes(path.join(DATA_DIR, 'logs'));
  const stopping = new AbortController();
  const stopped = onStopSignal(stopping, () => processes.kill());
  try {
    const asMeant = await Promise.race([
      demonstrate(processes, DATA_DIR, stopping.signal, begun),
      processes.failed,
      stopped.then(() => undefined),
    ]);
    if (asMeant !== undefined && once) process.exitCode = asMeant ? 0 : 1;
    else if (asMeant !== undefined) {
      say('\nAll of it stays up until Ctrl-C.');
      await Promise.race([stopped, processes.failed]);
    }
  } finally {
    stopping.abort();
    await processes.stop();
  }
}

/** Resolves at the first signal. A later one ends everything at once; one signal that arrives twice, by way of npm, does not. */
function onStopSignal(stopping: AbortController, kill: () => void): Promise<void> {
  return new Promise((resolve) => {
    let first = 0;
    const onSignal = () => {
      if (first === 0) {
        first = performance.now();
        say('\nstopping (once more to end everything at once) …');
        stopping.abort();
        resolve();
      } else if (performance.now() - first > impatienceMs) {
        kill();
        process.exit(1);
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}

// Not `runCommand`: an earlier run's addresses are not this one's.
await runProgram(
  makeCommand(
    'start',
    'Starts Temporal, the manager, practice sites and the workers on this machine, and makes accounts on the practice sites.',
  )
    .option('--once', 'end when every task has ended: 0 when each ended as it was meant to, else 1')
    .action(start),
);
