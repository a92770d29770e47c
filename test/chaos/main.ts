import Table from 'cli-table3';
import { type Command, InvalidArgumentError } from 'commander';
import { makeCommand, runProgram } from '../../scripts/command.ts';
import { missingPostgres } from '../support/postgres.ts';
import { type ChaosOptions, type ChaosResult, runChaos } from './run-chaos.ts';

function readNumber(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError('must be a number above 0');
  return number;
}

/** The run as a table: what struck, how the tasks ended, and what was wrong. */
function writeResult({ tasks, faults, ends, wrong, peak, lost, seconds, folder }: ChaosResult): string {
  const table = new Table({ style: { head: [], border: [] } });
  for (const [kind, times] of Object.entries(faults)) table.push([`fault: ${kind}`, times]);
  for (const [end, count] of Object.entries(ends)) table.push([`ended: ${end}`, count]);
  table.push(['most steps at one site at a time', peak]);
  table.push(['steps not heard of again', lost.timedOut], ['looks for an account that may have been made', lost.looks]);
  for (const [what, list] of Object.entries(wrong)) table.push([`WRONG: ${what}`, list.length]);
  const lines = Object.values(wrong).flat();
  const struck = Object.values(faults).reduce((sum, times) => sum + times, 0);
  return [
    table.toString(),
    ...lines,
    `${tasks} tasks, ${struck} faults of ${Object.keys(faults).length} kinds, ${lines.length} wrong, ${seconds} s`,
    ...(folder ? [`the logs are in ${folder}`] : []),
  ].join('\n');
}

async function run(options: Omit<ChaosOptions, 'say'>): Promise<void> {
  const missing = missingPostgres();
  if (missing) throw new Error(missing);
  const result = await runChaos({ ...options, say: (line) => process.stdout.write(`${line}\n`) });
  process.stdout.write(`${writeResult(result)}\n`);
  process.exitCode = Object.values(result.wrong).some((list) => list.length > 0) ? 1 : 0;
}

const program: Command = makeCommand(
  'chaos',
  'Runs all of enlist on this machine while processes are killed and frozen, ways cut, and answers lost, and counts what came of it. Exit code 0: nothing was lost or doubled; 1: something was; 2: it could not run.',
)
  .option('--tasks <number>', 'at least so many tasks, of all flows', readNumber, 60)
  .option('--faults <number>', 'so many faults', readNumber, 25)
  .option('--minutes <number>', 'spread tasks and faults over so long', readNumber, 2)
  .option('--patience <number>', 'minutes that the tasks may take after the last fault', readNumber, 6)
  .option(
    '--hurry <number>',
    "let the workflows' clock go so many times as fast; 1 takes the code as it is",
    readNumber,
    4,
  )
  .option('--seed <number>', 'what is drawn, and when it strikes', readNumber, Date.now() % 1_000_000)
  .action(run);

await runProgram(program);
process.exit();
