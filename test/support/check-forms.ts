import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stringify } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Goes through a site's forms with `npm run site -- check`, as an account that is there.
 *
 * @returns what it prints
 * @throws Error when something is missing
 */
export async function checkForms(sitesFile: string, domain: string, account: { email: string; username: string; password: string }): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'enlist-check-'));
  try {
    const file = path.join(folder, 'account.yaml');
    const profile = { first_name: 'Sample', last_name: 'Brand', about: 'A brand.', website: 'https://brand.example' };
    writeFileSync(file, stringify({ ...account, ...profile }), { mode: 0o600 });
    const args = ['--import', 'tsx', 'scripts/site.ts', 'check', domain, '--account', file];
    const options = { cwd: root, env: { ...process.env, SITES_FILE: sitesFile } };
    const { stdout } = await promisify(execFile)(process.execPath, args, options).catch((error: { stdout: string; stderr: string }) => {
      throw new Error(error.stdout + error.stderr);
    });
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
