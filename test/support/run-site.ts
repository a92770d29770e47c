import { execFile } from 'node:child_process';
import { root } from '../../config/find-browser.mjs';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `npm run site -- …` to its end, in these settings besides our own. */
export function runSite(env: Record<string, string>, ...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', 'scripts/site.ts', ...args],
      { cwd: root, env: { ...process.env, ...env } },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
      },
    );
  });
}
