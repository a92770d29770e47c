import { readEnvironment } from '../config/environment.ts';
import { listPhases, type TaskFlow } from '../contracts/flows.ts';
import { TaskClient } from '../services/manager-client/task-client.ts';
import { type StartableTask, startTask } from '../temporal/start-task.ts';
import { taskWorkflowId } from '../temporal/workflow-ids.ts';
import { askManager, CommandError, makeCommand, runCommand, withClient } from './command.ts';
import { reportStart } from './follow-workflow.ts';
import { readInStatus } from './read-in-status.ts';

interface Options {
  wait?: boolean;
  adopt?: boolean;
}

/** Reads what the start needs from the manager. @throws CommandError when there is no such task to start, or to adopt */
async function readStartable(flow: TaskFlow, id: string, adopted: boolean): Promise<StartableTask> {
  const { ASSIGN_URL, ASSIGN_API_KEY } = readEnvironment('ASSIGN_URL', 'ASSIGN_API_KEY');
  const phases = listPhases(flow).map(({ waiting, working }) => ({
    waiting,
    expected: adopted ? working : waiting,
  }));
  const statuses = phases.map(({ expected }) => expected);
  const client = new TaskClient(ASSIGN_URL, ASSIGN_API_KEY);
  const { status, answer } = await askManager(ASSIGN_URL, readInStatus(client, flow, id, statuses));
  if (answer.kind === 'gone') throw new CommandError(`the manager knows no ${flow} task ${id}`);
  if (answer.kind === 'mismatch') {
    throw new CommandError(
      `the task ${id} is not in ${statuses.join(' or ')}${answer.currentStatus ? ` but in ${answer.currentStatus}` : ''}: there is nothing to ${adopted ? 'adopt' : 'start'}`,
    );
  }
  if (answer.kind === 'invalid')
    throw new CommandError(`the manager refuses to tell of the task ${id}: ${answer.message}`);
  const { domain, request_id: requestId } = answer.data as { domain?: string; request_id?: string };
  const phase = phases.find(({ expected }) => expected === status);
  if (!phase) throw new Error(`${flow} has no phase for a task in ${status}`);
  return { id, status: phase.waiting, adopted, domain, requestId };
}

/** The command that starts one task's workflow, as docs/api-contract.md#starting-commands has it. */
export function runStartTask(flow: TaskFlow, description: string): Promise<void> {
  const program = makeCommand(flow, description)
    .argument('<id>', "the task's id at the manager")
    .option('--wait', 'follow the workflow to its end')
    .option(
      '--adopt',
      'take up a task that was started, and whose workflow closed without a report ("npm run doctor" lists them)',
    )
    .addHelpText(
      'after',
      '\nExit code: 0 started, with --wait completed; 1 any other end; 2 not started.\nThe last line on stdout is JSON: workflowId, and outcome after --wait.',
    )
    .action((id: string, { wait, adopt = false }: Options) =>
      withClient(async (client) => {
        const workflowId = taskWorkflowId(flow, id);
        const open = await client.workflow
          .getHandle(workflowId)
          .describe()
          .then(
            ({ status: { name } }) => name === 'RUNNING',
            () => false,
          );
        const state = open ? 'open' : await startTask(client, flow, await readStartable(flow, id, adopt));
        // Whoever adopts wants a workflow of their own, not to follow another.
        await reportStart(client, workflowId, {
          state,
          wait: wait && !(adopt && state === 'open'),
          good: ['completed'],
        });
      }),
    );
  return runCommand(program);
}
