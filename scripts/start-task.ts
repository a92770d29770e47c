import { AssignClient, NoAnswer } from '../activities/assign/client.ts';
import { readEnvironment } from '../contracts/environment.ts';
import { startTask, type TaskFlow } from '../temporal/start-task.ts';
import { taskWorkflowId } from '../temporal/workflow-ids.ts';
import { CommandError, makeCommand, notStarted, runCommand, withClient } from './command.ts';
import { followWorkflow, readEnd, warnOfIdleQueues } from './follow-workflow.ts';

/** Reads what the start needs from the manager. @throws CommandError when there is no such task to start */
async function readStartable(flow: TaskFlow, id: string, status: string) {
  const { ASSIGN_URL, ASSIGN_API_KEY } = readEnvironment('ASSIGN_URL', 'ASSIGN_API_KEY');
  let answer;
  try {
    answer = await new AssignClient(ASSIGN_URL, ASSIGN_API_KEY).read(flow, id, status);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    throw new CommandError(`the manager at ${ASSIGN_URL} gives no answer (${error.message}): is ASSIGN_URL right, and is it running?`);
  }
  if (answer.kind === 'gone') throw new CommandError(`the manager knows no ${flow} task ${id}`);
  if (answer.kind === 'mismatch') {
    throw new CommandError(`the task ${id} is not in ${status}${answer.currentStatus ? ` but in ${answer.currentStatus}` : ''}: there is nothing to start`);
  }
  if (answer.kind === 'invalid') throw new CommandError(`the manager refuses to tell of the task ${id}: ${answer.message}`);
  const { domain, request_id: requestId } = answer.data as { domain?: string; request_id?: string };
  return { id, domain, requestId };
}

/** The command that starts one task's workflow, as contract section 8 has it. */
export function runStartTask(flow: TaskFlow, status: string, description: string): Promise<void> {
  const program = makeCommand(flow, description)
    .argument('<id>', "the task's id at the manager")
    .option('--wait', 'follow the workflow to its end')
    .addHelpText('after', '\nExit code: 0 started, with --wait completed; 1 any other end; 2 not started.\nThe last line on stdout is JSON: workflowId, and outcome after --wait.')
    .action((id: string, { wait }: { wait?: boolean }) =>
      withClient(async (client) => {
        const workflowId = taskWorkflowId(flow, id);
        const open = await client.workflow.getHandle(workflowId).describe().then(({ status: { name } }) => name === 'RUNNING', () => false);
        const state = open ? 'open' : await startTask(client, flow, await readStartable(flow, id, status));
        if (state === 'open') process.stderr.write(`${workflowId} is running already${wait ? ': following it' : ''}\n`);
        await warnOfIdleQueues(client);
        if (!wait) {
          process.stdout.write(`${JSON.stringify({ workflowId, state })}\n`);
          process.exitCode = state === 'open' ? notStarted : 0;
          return;
        }
        const end = await followWorkflow(client, workflowId).then(
          (result) => result as { outcome: string },
          (error: unknown) => ({ outcome: readEnd(error) }),
        );
        process.stdout.write(`${JSON.stringify({ workflowId, ...end })}\n`);
        process.exitCode = end.outcome === 'completed' ? 0 : 1;
      }),
    );
  return runCommand(program);
}
