import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa, type ResultPromise } from 'execa';
import { CommandError } from '../../command.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const restartWaitMs = 1_000;
/** What has not gone by then is killed. */
const stopPatienceMs = 15_000;

export interface ProcessOptions {
  command: string;
  args: string[];
  env: Record<string, string>;
  /** Tells the line of its output that says it is ready. */
  isReady(line: string): boolean;
  /** Start it again when it dies before it is stopped. */
  restart?: boolean;
}

/** How a TypeScript file of the repository is run. */
export function runFile(file: string): Pick<ProcessOptions, 'command' | 'args'> {
  return { command: process.execPath, args: ['--import', 'tsx', path.join(root, file)] };
}

/** The processes of one run, each with a log file of its own; what dies is started again or ends the run. */
export class Processes {
  readonly #logFolder: string;
  readonly #running = new Map<string, Pick<ResultPromise, 'kill'> & PromiseLike<unknown>>();
  readonly #stopped: string[] = [];
  #stopping = false;
  /** Rejects when a process that is not started again has died. */
  readonly failed: Promise<never>;
  /** Ends the run with an error. */
  fail: (error: Error) => void = () => {};

  constructor(logFolder: string) {
    this.#logFolder = logFolder;
    mkdirSync(logFolder, { recursive: true });
    this.failed = new Promise<never>((_, reject) => {
      this.fail = reject;
    });
    this.failed.catch(() => {});
  }

  logFile(name: string): string {
    return path.join(this.#logFolder, `${name}.log`);
  }

  /** Starts a process and waits until it is ready; gives the line that said so. @throws CommandError when it dies first */
  start(name: string, options: ProcessOptions): Promise<string> {
    const log = { file: this.logFile(name), append: true };
    // Made before execa would, so that only the operator can read it.
    closeSync(openSync(log.file, 'a', 0o600));
    if (!this.#stopped.includes(name)) this.#stopped.unshift(name);
    return new Promise((resolve, reject) => {
      let ready = false;
      const watch = function* (line: unknown) {
        if (!ready && options.isReady(String(line))) {
          ready = true;
          resolve(String(line));
        }
        yield line;
      };
      const child = execa(options.command, options.args, {
        env: options.env,
        stdin: 'ignore',
        stdout: [watch, log],
        stderr: log,
        buffer: false,
        // In a group of its own, so that a terminal's Ctrl-C ends it in its turn and not at once with all the others.
        detached: true,
        reject: false,
        forceKillAfterDelay: stopPatienceMs,
      });
      this.#running.set(name, child);
      void child.then(({ exitCode, signal, code }) => {
        this.#running.delete(name);
        if (this.#stopping) return;
        const end = signal ?? code ?? `code ${exitCode}`;
        if (!ready)
          reject(
            new CommandError(
              `${name} ended (${end}) before it was ready:\n${this.#lastLines(name)}\n(${this.logFile(name)})`,
            ),
          );
        else if (options.restart) this.#restart(name, end, options);
        else this.fail(new CommandError(`${name} ended (${end}):\n${this.#lastLines(name)}\n(${this.logFile(name)})`));
      });
    });
  }

  /** Ends every process, the last started first: SIGTERM, and SIGKILL when it has not gone in 15 s. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const name of this.#stopped) {
      const child = this.#running.get(name);
      child?.kill('SIGTERM');
      await child;
    }
  }

  /** Ends every process at once. */
  kill(): void {
    this.#stopping = true;
    for (const child of this.#running.values()) child.kill('SIGKILL');
  }

  #restart(name: string, end: string, options: ProcessOptions): void {
    process.stderr.write(`${name} ended (${end}); starting it again\n`);
    setTimeout(() => {
      if (!this.#stopping) this.start(name, options).catch(this.fail);
    }, restartWaitMs);
  }

  #lastLines(name: string): string {
    try {
      return readFileSync(this.logFile(name), 'utf8').trimEnd().split('\n').slice(-5).join('\n');
    } catch {
      return '(no output)';
    }
  }
}
