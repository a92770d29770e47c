import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { CommandError } from '../../command.ts';

const restartWaitMs = 1_000;

export interface ProcessOptions {
  command: string;
  args: string[];
  env: Record<string, string>;
  /** Tells the line of its output that says it is ready. */
  isReady(line: string): boolean;
  /** Start it again when it dies before it is stopped. */
  restart?: boolean;
}

/** The processes of one run, each with a log file of its own; what dies is started again or ends the run. */
export class Processes {
  readonly #logFolder: string;
  readonly #running = new Map<string, ChildProcess>();
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
    // In a group of its own, so that a terminal's Ctrl-C ends it in its turn and not at once with all the others.
    const child = spawn(options.command, options.args, {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#running.set(name, child);
    if (!this.#stopped.includes(name)) this.#stopped.unshift(name);
    const log = createWriteStream(this.logFile(name), { flags: 'a', mode: 0o600 });
    child.stderr.pipe(log, { end: false });
    return new Promise((resolve, reject) => {
      let ready = false;
      createInterface({ input: child.stdout }).on('line', (line) => {
        log.write(`${line}\n`);
        if (!ready && options.isReady(line)) {
          ready = true;
          resolve(line);
        }
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        this.#running.delete(name);
        if (this.#stopping) return;
        const end = signal ?? `code ${code}`;
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

  /** Ends every process, the last started first: SIGTERM, and SIGKILL when it has not gone in `patienceMs`. */
  async stop(patienceMs: number): Promise<void> {
    this.#stopping = true;
    for (const name of this.#stopped) {
      const child = this.#running.get(name);
      if (!child) continue;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      await gone;
      clearTimeout(timer);
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
