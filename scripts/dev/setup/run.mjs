import { spawnSync } from 'node:child_process';

/** Tells, in one line, what the set-up is about to do. On stderr: stdout is for results. */
export function say(line) {
  process.stderr.write(`set-up: ${line}\n`);
}

export class SetUpError extends Error {
  name = 'SetUpError';
}

/**
 * Runs a program to its end, in silence.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, cwd?: string, timeoutMs?: number }} [options] `env` is added to our own
 * @returns {{ ok: boolean, output: string }} stdout and stderr together; `ok` is false too when the program isn't there
 */
export function run(program, args, { env, cwd, timeoutMs } = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  return { ok: status === 0, output: [stdout, stderr, error?.message].filter(Boolean).join('\n').trim() };
}

/** The end of a program's output, where the reason for its failure is. */
export function lastLines(output, count = 5) {
  return output.split('\n').slice(-count).join('\n');
}

/** The line of a program's output that says why it failed, as far as there is one. */
export function findReason(output) {
  return (output.split('\n').find((line) => line.includes('Error:')) ?? lastLines(output, 1)).trim();
}
