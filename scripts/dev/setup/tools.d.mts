/** Absolute paths of programs that enlist runs but npm doesn't install; undefined where the machine has none. */
export interface Tools {
  /** A Chromium, Chrome or headless shell. */
  browser: string | undefined;
  /** The Temporal CLI, with its development server. */
  temporal: string | undefined;
  /** Temporal's time-skipping test server. */
  testServer: string | undefined;
}

/**
 * All three, each found as `findBrowser` finds the browser.
 *
 * @throws Error when `BROWSER_PATH` names no program that can be run
 */
export function findTools(): Tools;
