/** Enlist's own folder. */
export const root: string;

/** What the set-up installs, in enlist's own folder. */
export const toolsFolder: string;

/**
 * `BROWSER_PATH`, else what the last set-up found, else a search of the machine. Reads files only.
 *
 * @throws Error when `BROWSER_PATH` names no program that can be run
 */
export function findBrowser(): string | undefined;

/** A whole browser, which can also show its window: Chromium or Chrome; undefined where the machine has none. */
export function findWholeBrowser(): string | undefined;
