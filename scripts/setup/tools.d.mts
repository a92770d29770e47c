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
 * `BROWSER_PATH`, else what the last set-up found, else a search of the machine. Reads files only.
 *
 * @throws Error when `BROWSER_PATH` names no program that can be run
 */
export function findBrowser(): string | undefined;

/** A whole browser, which can also show its window: Chromium or Chrome; undefined where the machine has none. */
export function findWholeBrowser(): string | undefined;

/**
 * All three, each found like the browser.
 *
 * @throws Error when `BROWSER_PATH` names no program that can be run
 */
export function findTools(): Tools;

/** Enlist's own folder. */
export const root: string;
