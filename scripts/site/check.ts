import Table from 'cli-table3';
import type { Command } from 'commander';
import { BrowserPool } from '../../services/browser/browser-pool.ts';
import { makeRedactor } from '../../services/redact.ts';
import { makeUpAccount, readAccountFile, toAccount } from './account-file.ts';
import { type Sight, type Walk, walkForms } from './form-walk.ts';
import { readListed, requireBrowser } from './listed-site.ts';
import { compareOutlines, keepOutlines, outlinesPath, readOutlines } from './outlines.ts';

const longestWalkMs = 5 * 60_000;

const plainTable = {
  style: { head: [], border: [] },
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
};

function showSights(sights: Sight[]): string {
  const table = new Table({ head: ['step', 'field', '', ''], ...plainTable });
  for (const { step, what, found, note } of sights) table.push([step, what, found ? 'found' : 'MISSING', note]);
  return table.toString();
}

/** Says what changed since the forms were kept, or keeps those of the steps that nothing is missing of. */
async function followDrift(file: string, { outlines, whole }: Walk, keep: boolean | undefined): Promise<void> {
  const kept = await readOutlines(file);
  const changes = kept ? compareOutlines(kept, outlines, whole) : [];
  const compared = whole.filter((step) => kept?.[step]);
  if (changes.length > 0) process.stdout.write(`The forms changed since they were kept:\n${changes.join('\n')}\n`);
  else if (compared.length > 0) process.stdout.write(`The forms are as they were kept: ${compared.join(', ')}.\n`);
  if (!keep) return;
  await keepOutlines(file, Object.fromEntries(whole.map((step) => [step, outlines[step] ?? []])));
  process.stdout.write(`kept: ${whole.join(', ') || 'nothing'}, in ${file}\n`);
}

function sumUp(missing: number, hindrances: number): string {
  if (missing > 0) return `${missing} missing.`;
  return hindrances > 0 ? 'could not look at everything.' : 'nothing is missing.';
}

interface CheckOptions {
  account?: string;
  keep?: boolean;
}

async function check(domain: string, options: CheckOptions): Promise<void> {
  const { site, recipe, recipes } = await readListed(domain);
  const given = options.account === undefined ? undefined : readAccountFile(options.account);
  const madeUp = makeUpAccount();
  const redact = makeRedactor([madeUp.password, given?.password ?? '', given?.twofa ?? '']);
  const pool = new BrowserPool(requireBrowser());
  try {
    const walk = await walkForms({
      site,
      recipe,
      madeUp,
      member: given && { account: toAccount(given), totpSecret: given.twofa },
      signal: AbortSignal.timeout(longestWalkMs),
      withContext: (run) => pool.withContext({ locale: 'en-US', acceptDownloads: false }, run),
    });
    if (walk.sights.length > 0) process.stdout.write(`${redact(showSights(walk.sights))}\n`);
    for (const words of walk.hindrances) process.stderr.write(`could not go on in ${redact(words)}\n`);
    await followDrift(outlinesPath(recipe.name, recipes.fileOf(recipe.name)), walk, options.keep);
    const missing = walk.sights.filter(({ found }) => !found).length;
    process.stdout.write(
      `${site.domain}, recipe "${recipe.name}": ${sumUp(missing, walk.hindrances.length)} Nothing was made.\n`,
    );
    process.exitCode = missing > 0 ? 1 : walk.hindrances.length > 0 ? 2 : 0;
  } finally {
    await pool.close();
  }
}

export function addCheck(program: Command): void {
  program
    .command('check <domain>')
    .description("go through a site's forms as its recipe does, make nothing, and say what is missing")
    .option('--account <file>', "sign in with this account, and go through its profile's form, too")
    .option('--keep', 'keep how the forms look now with the recipe, for the next check to compare with')
    .addHelpText(
      'after',
      `
It fills in the sign-up form with made-up values and stops before the button that makes the account.
Exit code: 0 nothing is missing; 1 something is; 2 it could not look.

Example: npm run site -- check wiki.brand.example --account account.yaml`,
    )
    .action(check);
}
