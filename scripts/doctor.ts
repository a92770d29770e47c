import Table from 'cli-table3';
import { readEnvironment } from '../config/environment.ts';
import { AdminClient } from '../services/manager-client/admin-client.ts';
import { TaskClient } from '../services/manager-client/task-client.ts';
import { listStuck, type StuckWorkflow } from '../temporal/stuck-workflows.ts';
import { askManager, makeCommand, runCommand, withClient } from './command.ts';
import { writeAdoption } from './doctor/adoption.ts';
import { findLeftBehind, type LeftBehind } from './doctor/left-behind.ts';

const style = { head: [], border: [] };
const whatToDo = `Stuck workflows go on by themselves as soon as a worker's code can run them: the Web UI shows what fails, on the workflow's page.
One that nothing mends is terminated there. Its task is then listed here; a podcast request begins anew with the next
pull, a mini-app user when it is started again, a site's pace with the next step (it forgets its pauses and who is there).`;

interface Findings {
  left: LeftBehind[];
  stuck: StuckWorkflow[];
}

function writeLeft(left: LeftBehind[]): string {
  const table = new Table({ head: ['domain', 'status', 'last workflow', 'to take it up again'], style });
  for (const task of left)
    table.push([task.domain, task.status ?? 'status not told', task.lastWorkflow ?? 'none', writeAdoption(task)]);
  return `${table.toString()}\n`;
}

function writeStuck(stuck: StuckWorkflow[]): string {
  const table = new Table({ head: ['stuck workflow', 'problem'], style });
  for (const { workflowId, problem } of stuck) table.push([workflowId, problem]);
  return `${table.toString()}\n${whatToDo}\n`;
}

async function look(): Promise<Findings> {
  const { ASSIGN_URL, ASSIGN_API_KEY } = readEnvironment('ASSIGN_URL', 'ASSIGN_API_KEY');
  const adminKey = process.env.ASSIGN_ADMIN_KEY ? readEnvironment('ASSIGN_ADMIN_KEY').ASSIGN_ADMIN_KEY : undefined;
  if (!adminKey)
    process.stderr.write(
      "without ASSIGN_ADMIN_KEY only the workflows that Temporal remembers are checked, not the manager's database\n",
    );
  const assign = new TaskClient(ASSIGN_URL, ASSIGN_API_KEY);
  const admin = adminKey ? new AdminClient(ASSIGN_URL, adminKey) : undefined;
  return withClient(async (client) => {
    const stuck = await listStuck(client);
    if (!stuck)
      process.stderr.write(
        "this Temporal server can't tell which workflows are stuck (TemporalReportedProblems): a newer one can\n",
      );
    return { left: await askManager(ASSIGN_URL, findLeftBehind({ client, assign, admin })), stuck: stuck ?? [] };
  });
}

await runCommand(
  makeCommand(
    'doctor',
    'Lists the tasks that were started, were never reported, and have no workflow, with the command that takes each up again, and the workflows that are stuck.',
  )
    .option('--json', 'print them as JSON')
    .addHelpText(
      'after',
      `\nTasks are found by the workflows that closed without a report and, with ASSIGN_ADMIN_KEY and enlist's own manager, in its database.\n${whatToDo}\nExit code: 0 there is none; 1 there are some; 2 it could not look.`,
    )
    .action(async ({ json }: { json?: boolean }) => {
      const { left, stuck } = await look();
      if (json)
        process.stdout.write(
          `${JSON.stringify({ tasks: left.map((task) => ({ ...task, command: writeAdoption(task) })), stuck })}\n`,
        );
      else
        process.stdout.write(
          `${left.length === 0 ? 'no task was left behind\n' : writeLeft(left)}${stuck.length === 0 ? '' : writeStuck(stuck)}`,
        );
      process.exitCode = left.length + stuck.length === 0 ? 0 : 1;
    }),
);
