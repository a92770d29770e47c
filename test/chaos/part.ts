import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a part that died stays away, in ms: as long as a supervisor takes to notice. */
const awayMs = 1_000;

export interface PartOptions {
  command: string;
  args: string[];
  cwd?: string;
  env: Record<string, string>;
  /** Resolves when the part that was just started answers. */
  isReady?: () => Promise<void>;
  /** Tells the line of its output that says it is ready. */
  readyLine?: string;
}

/** One process of the run, started again by itself whenever it dies before it is closed. */
export class Part {
  readonly name: string;
  readonly #options: PartOptions;
  readonly #log: string;
  #child: ChildProcess | undefined;
  #closed = false;
  /** Resolves when the running process is ready; anew after each death. */
  #ready: Promise<void> = Promise.resolve();
  /** Processes that were told to end and may still let their steps end. */
  readonly #leaving = new Set<ChildProcess>();

  constructor(name: string, logFolder: string, options: PartOptions) {
    this.name = name;
    this.#options = options;
    this.#log = path.join(logFolder, `${name}.log`);
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** Starts it; resolves when it is ready. */
  start(): Promise<void> {
    const { command, args, cwd, env, readyLine, isReady } = this.#options;
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const log = createWriteStream(this.#log, { flags: 'a' });
    const said = new Promise<void>((resolve) => {
      child.stdout.on('data', (data: Buffer) => {
        log.write(data);
        if (readyLine !== undefined && data.toString().includes(readyLine)) resolve();
      });
    });
    child.stderr.on('data', (data: Buffer) => log.write(data));
    const died = once(child, 'exit');
    child.once('exit', () => {
      log.end();
      if (this.#closed || child !== this.#child) return;
      void sleep(awayMs).then(() => {
        if (!this.#closed && child === this.#child) void this.start();
      });
    });
    // One that dies on its way up is started again like any other.
    this.#ready = Promise.race([
      isReady ? isReady() : said,
      died.then(() => sleep(2 * awayMs)).then(() => this.#ready),
    ]);
    return this.#ready;
  }

  /** `kill -9`; it is started again. */
  async kill(): Promise<void> {
    const gone = once(this.#child!, 'exit');
    this.#child!.kill('SIGKILL');
    await gone;
    await sleep(awayMs + 100);
    await this.#ready;
  }

  /** Starts another in its place and tells the old one to end, as a deploy does. */
  async replace(): Promise<void> {
    const old = this.#child!;
    this.#leaving.add(old);
    old.once('exit', () => this.#leaving.delete(old));
    const ready = this.start();
    old.kill('SIGTERM');
    await ready;
  }

  /** Stops its clock, so to speak: it does nothing for so long, and then goes on as if nothing had been. */
  async freeze(ms: number): Promise<void> {
    const child = this.#child!;
    child.kill('SIGSTOP');
    await sleep(ms);
    child.kill('SIGCONT');
  }

  /** Ends it for good, with those that are still leaving. */
  async close(): Promise<void> {
    this.#closed = true;
    const all = [this.#child, ...this.#leaving].filter(
      (child) => child !== undefined && child.exitCode === null && child.signalCode === null,
    ) as ChildProcess[];
    await Promise.all(
      all.map(async (child) => {
        const gone = once(child, 'exit');
        child.kill('SIGCONT');
        child.kill('SIGKILL');
        await gone;
      }),
    );
  }
}
