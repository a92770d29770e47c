import type { Client } from '@temporalio/client';
import Table from 'cli-table3';
import type { Command } from 'commander';
import type { GateView } from '../contracts/pace.ts';
import { pausePace, readGate, resumePace } from '../temporal/site-gate.ts';
import { makeCommand, runCommand, withClient } from './command.ts';
import { readDuration } from './duration.ts';
import { addCheck } from './site/check.ts';
import { readSites, requireListed } from './site/listed-site.ts';
import { addNew } from './site/new.ts';
import { addTry } from './site/try.ts';

function describeGate(gate: GateView | undefined): string {
  if (!gate) return 'nothing waits';
  const { out, waiting, pausedUntil, reason } = gate;
  const counts = `${out} at work, ${waiting} waiting`;
  if (pausedUntil === undefined) return counts;
  return `${counts}, paused (${reason}) ${pausedUntil === 'forever' ? 'until resumed' : `until ${new Date(pausedUntil).toISOString()}`}`;
}

async function list(client: Client): Promise<void> {
  const { sites } = await readSites().read();
  const gates = await Promise.all(
    sites.map(({ domain }) =>
      client
        .withDeadline(Date.now() + 5_000, () => readGate(client, domain))
        .then(describeGate, () => 'no worker answers'),
    ),
  );
  const table = new Table({
    head: ['domain', 'recipe', 'url', 'every', 'at once', 'now', 'permission'],
    style: { head: [], border: [] },
  });
  for (const [index, { domain, recipe, url, every, atOnce, permission }] of sites.entries()) {
    table.push([domain, recipe, url, `${every / 1_000} s`, atOnce, gates[index], permission]);
  }
  process.stdout.write(`${table.toString()}\n`);
}

const program: Command = makeCommand('site', 'Shows, pauses and checks the sites that SITES_FILE lists.');

program
  .command('list')
  .description('every listed site, its pace, and what waits there')
  .addHelpText('after', '\nExample: npm run site -- list')
  .action(() => withClient(list));

program
  .command('pause <domain>')
  .description('let no step begin there; what is under way goes on')
  .option('--for <duration>', 'end the pause after so long, such as 2h', readDuration)
  .addHelpText('after', '\nExample: npm run site -- pause wiki.brand.example --for 2h')
  .action(async (domain: string, options: { for?: number }) => {
    const { domain: listed } = await requireListed(domain);
    await withClient((client) => pausePace(client, listed, options.for));
    process.stdout.write(
      `${listed}: paused ${options.for === undefined ? 'until "npm run site -- resume"' : `for ${options.for / 1_000} s`}\n`,
    );
  });

program
  .command('resume <domain>')
  .description('end a pause, made by hand or by the site')
  .addHelpText('after', '\nExample: npm run site -- resume wiki.brand.example')
  .action(async (domain: string) => {
    const { domain: listed } = await requireListed(domain);
    const told = await withClient((client) => resumePace(client, listed));
    process.stdout.write(`${listed}: ${told ? 'resumed' : 'was not paused'}\n`);
  });

addCheck(program);
addTry(program);
addNew(program);

await runCommand(program);
