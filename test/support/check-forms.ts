import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { type Ran, runSite } from './run-site.ts';

/** Goes through a site's forms with `npm run site -- check`, as an account that is there. */
export async function checkForms(
  sitesFile: string,
  domain: string,
  account: { email: string; username: string; password: string },
): Promise<Ran> {
  const folder = mkdtempSync(path.join(tmpdir(), 'enlist-check-'));
  try {
    const file = path.join(folder, 'account.yaml');
    const profile = { first_name: 'Sample', last_name: 'Brand', about: 'A brand.', website: 'https://brand.example' };
    writeFileSync(file, stringify({ ...account, ...profile }), { mode: 0o600 });
    return await runSite({ SITES_FILE: sitesFile }, 'check', domain, '--account', file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
