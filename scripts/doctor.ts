import Table from 'cli-table3';
import { AssignClient } from '../activities/assign/client.ts';
import { readEnvironment } from '../contracts/environment.ts';
import { askManager, makeCommand, runCommand, withClient } from './command.ts';
import { writeAdoption } from './doctor/adoption.ts';
import { findLeftBehind, type LeftBehind } from './doctor/left-behind.ts';
import { AdminClient } from './start/admin-client.ts';

function writeTable(tasks: LeftBehind[]): string {
  const table = new Table({ head: ['domain', 'status', 'last workflow', 'to take it up again'], style: { head: [], border: [] } });
  for (const task of tasks) table.push([task.domain, task.status ?? 'status not told', task.lastWorkflow ?? 'none', writeAdoption(task)]);
  return table.toString();
}

async function look(): Promise<LeftBehind[]> {
  const { ASSIGN_URL, ASSIGN_API_KEY } = readEnvironment('ASSIGN_URL', 'ASSIGN_API_KEY');
  const adminKey = process.env.ASSIGN_ADMIN_KEY ? readEnvironment('ASSIGN_ADMIN_KEY').ASSIGN_ADMIN_KEY : undefined;
  if (!adminKey) process.stderr.write("without ASSIGN_ADMIN_KEY only workflows are looked at that Temporal remembers, not the manager's books\n");
  const assign = new AssignClient(ASSIGN_URL, ASSIGN_API_KEY);
  const admin = adminKey ? new AdminClient(ASSIGN_URL, adminKey) : undefined;
  return withClient((client) => askManager(ASSIGN_URL, findLeftBehind({ client, assign, admin })));
}

await runCommand(
  makeCommand('doctor', 'Lists the tasks that were started, were never reported, and have no workflow, and the command that takes each up again.')
    .option('--json', 'print them as JSON')
    .addHelpText(
      'after',
      "\nThey are found by the workflows that closed without a report and, with ASSIGN_ADMIN_KEY and enlist's own manager, in its books.\nExit code: 0 there is none; 1 there are some; 2 it could not look.",
    )
    .action(async ({ json }: { json?: boolean }) => {
      const tasks = await look();
      if (json) process.stdout.write(`${JSON.stringify({ tasks: tasks.map((task) => ({ ...task, command: writeAdoption(task) })) })}\n`);
      else process.stdout.write(tasks.length === 0 ? 'no task was left behind\n' : `${writeTable(tasks)}\n`);
      process.exitCode = tasks.length === 0 ? 0 : 1;
    }),
);
