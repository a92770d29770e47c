import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type LaunchOptions,
} from 'playwright';
import { raceAbort } from '../race-abort.ts';

/** A browser's memory grows with the contexts that it had, so it is replaced. */
const contextsPerBrowser = 100;

const quietArguments = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-first-run',
];

interface Running {
  browser: Promise<Browser>;
  opened: number;
  open: number;
}

/**
 * One warm browser for the whole worker, a fresh context for each step. A browser that crashed, or has had its share of
 * contexts, is replaced by the next step that asks.
 */
export class BrowserPool {
  readonly #launch: () => Promise<Browser>;
  #current: Running | undefined;
  readonly #all = new Set<Running>();

  /** @param more options for the launch, such as a window to look at */
  constructor(executablePath: string, more: Pick<LaunchOptions, 'headless' | 'slowMo'> = {}) {
    this.#launch = () =>
      chromium.launch({
        executablePath,
        args: quietArguments,
        // Chromium refuses its sandbox to root.
        chromiumSandbox: process.getuid?.() !== 0,
        // The worker drains on these signals; Playwright would close the browser under the steps.
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
        ...more,
      });
  }

  /** Runs with a context of its own, which is closed whatever happens. */
  async withContext<Result>(
    options: BrowserContextOptions,
    run: (context: BrowserContext) => Promise<Result>,
  ): Promise<Result> {
    const running = this.#take();
    running.opened += 1;
    running.open += 1;
    try {
      const browser = await running.browser;
      // A page that was just being opened when its browser goes would wait for ever.
      const gone = new AbortController();
      const tell = () => gone.abort(new Error('the browser has been closed'));
      browser.once('disconnected', tell);
      if (!browser.isConnected()) tell();
      try {
        const context = await raceAbort(browser.newContext(options), gone.signal);
        try {
          return await raceAbort(run(context), gone.signal);
        } finally {
          if (browser.isConnected()) await context.close().catch(() => {});
        }
      } finally {
        browser.off('disconnected', tell);
      }
    } finally {
      running.open -= 1;
      this.#closeIfRetired(running);
    }
  }

  /** Closes every browser; the pool is not used after it. */
  async close(): Promise<void> {
    await Promise.all([...this.#all].map(async ({ browser }) => (await browser).close().catch(() => {})));
  }

  #take(): Running {
    if (this.#current && this.#current.opened < contextsPerBrowser) return this.#current;
    const retired = this.#current;
    const running: Running = { browser: this.#launch(), opened: 0, open: 0 };
    this.#current = running;
    this.#all.add(running);
    const forget = () => {
      this.#all.delete(running);
      if (this.#current === running) this.#current = undefined;
    };
    running.browser.then((browser) => browser.on('disconnected', forget), forget);
    if (retired) this.#closeIfRetired(retired);
    return running;
  }

  #closeIfRetired(running: Running): void {
    if (running === this.#current || running.open > 0) return;
    running.browser.then((browser) => browser.close()).catch(() => {});
  }
}
