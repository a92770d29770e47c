import Table from 'cli-table3';
import { z } from 'zod';
import type { HandoffAnswer } from '../contracts/handoff.ts';
import { listHandoffs, NobodyAnswers, sendHandoffAnswer, type WaitingForPerson } from '../temporal/handoffs.ts';
import { readTaskWorkflowId } from '../temporal/workflow-ids.ts';
import { CommandError, makeCommand, runCommand, withClient } from './command.ts';

const refused = 1;
const minuteMs = 60_000;
const widthOfReason = 60;
const whatToDo = `Finish each step in a browser of your own, with the task's own credentials, which your manager has: pass the check,
make the account if it is not there. Then report it: npm run handoff -- done ID (or give-up ID, to have it reported as it is).`;

function writeTimeLeft(until: number): string {
  const minutes = Math.max(0, Math.floor((until - Date.now()) / minuteMs));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function writeTable(waiting: WaitingForPerson[]): string {
  const head = ['id', 'domain', 'user name', 'step', 'page', 'reason', 'time left'];
  const colWidths = head.map((title) => (title === 'reason' ? widthOfReason : null));
  const table = new Table({ head, colWidths, wordWrap: true, style: { head: [], border: [] } });
  for (const { workflowId, domain, handed } of waiting) {
    if (handed)
      table.push([
        workflowId,
        domain,
        handed.login,
        handed.step,
        handed.page ?? '',
        handed.reason,
        writeTimeLeft(handed.until),
      ]);
    else table.push([workflowId, domain, '', '', '', 'no worker answers', '']);
  }
  return table.toString();
}

async function list({ json }: { json?: boolean }): Promise<void> {
  const waiting = await withClient(listHandoffs);
  if (json)
    process.stdout.write(
      `${JSON.stringify({ tasks: waiting.map(({ handed, ...task }) => ({ ...task, ...handed })) })}\n`,
    );
  else
    process.stdout.write(
      waiting.length === 0 ? 'no task waits for a person\n' : `${writeTable(waiting)}\n${whatToDo}\n`,
    );
}

async function answer(workflowId: string, word: HandoffAnswer, done: string): Promise<void> {
  try {
    const refusal = await withClient((client) => sendHandoffAnswer(client, workflowId, word));
    if (refusal === undefined) process.stdout.write(`${workflowId}: ${done}\n`);
    else process.stderr.write(`error: ${workflowId}: ${refusal} ("npm run handoff -- list" shows what waits)\n`);
    process.exitCode = refusal === undefined ? 0 : refused;
  } catch (error) {
    if (!(error instanceof NobodyAnswers)) throw error;
    throw new CommandError(
      `${workflowId}: ${error.message}: start one with "npm run worker", then look whether it still waits`,
    );
  }
}

function readLink(workflowId: string, link: string | undefined): string | undefined {
  if (link === undefined) return undefined;
  if (!z.url({ protocol: /^https?$/ }).safeParse(link).success)
    throw new CommandError('--link must be an address that begins with http:// or https://');
  if (readTaskWorkflowId(workflowId)?.flow === 'podcast')
    throw new CommandError('the report of a podcast task has no place for a link: leave --link out');
  return link;
}

const program = makeCommand(
  'handoff',
  'Shows the tasks that wait for a person, and tells them that a step is done or given up.',
).addHelpText(
  'after',
  `\nA site's "waitForPerson" in SITES_FILE says for how long its tasks wait when it asks for a human or shows an unknown page.\n\n${whatToDo}\n\nExit code: 0 done; 1 refused, since nothing waits under that id; 2 it could not.`,
);

program
  .command('list', { isDefault: true })
  .description('every task that waits for a person, what it waits with, and its time left')
  .option('--json', 'print them as JSON, the times in ms since 1970')
  .action(list);

program
  .command('done <id>')
  .description('the step was finished by hand: the task looks at the site, and goes on')
  .option('--link <url>', "the profile's public address, to be reported")
  .action((id: string, options: { link?: string }) => {
    const link = readLink(id, options.link);
    return answer(id, { word: 'done', ...(link !== undefined && { link }) }, 'goes on');
  });

program
  .command('give-up <id>')
  .description('nobody will finish the step: the task is reported')
  .action((id: string) => answer(id, { word: 'give up' }, 'will be reported'));

await runCommand(program);
