import { type Client, ScheduleNotFoundError } from '@temporalio/client';
import { readEnvironment } from '../config/environment.ts';
import { Sites } from '../config/sites-file.ts';
import { type Flow, flowNames } from '../contracts/flows.ts';
import { dispatch } from '../services/dispatch/dispatch.ts';
import { readDispatchOptions } from '../services/dispatch/options.ts';
import { TaskClient } from '../services/manager-client/task-client.ts';
import { makeSchedule } from '../temporal/schedules.ts';
import { pullScheduleId } from '../temporal/workflow-ids.ts';
import { askManager, CommandError, makeCommand, runCommand, withClient } from './command.ts';
import { readDuration } from './duration.ts';
import { warnOfIdleQueues } from './follow-workflow.ts';

interface Options {
  every: number;
  once?: boolean;
  pause?: boolean;
  resume?: boolean;
  trigger?: boolean;
  remove?: boolean;
}

async function handleSchedule(
  client: Client,
  flow: Flow,
  { every, pause, resume, trigger, remove }: Options,
): Promise<string> {
  const handle = client.schedule.getHandle(pullScheduleId(flow));
  try {
    if (pause) return await handle.pause().then(() => 'paused');
    if (resume) return await handle.unpause().then(() => 'resumed');
    if (trigger) return await handle.trigger().then(() => 'triggered');
    if (remove) return await handle.delete().then(() => 'removed');
  } catch (error) {
    if (error instanceof ScheduleNotFoundError)
      throw new CommandError(`there is no schedule ${pullScheduleId(flow)}: make it with "npm run dispatch"`);
    throw error;
  }
  const state = await makeSchedule(client, flow, every);
  return `${state}, every ${every / 1000} s`;
}

async function dispatchOnce(client: Client, flow: Flow): Promise<void> {
  const { ASSIGN_URL, ASSIGN_API_KEY, SITES_FILE } = readEnvironment('ASSIGN_URL', 'ASSIGN_API_KEY', 'SITES_FILE');
  const assign = new TaskClient(ASSIGN_URL, ASSIGN_API_KEY);
  const pulled = await askManager(
    ASSIGN_URL,
    dispatch(flow, { assign, sites: new Sites(SITES_FILE), client, ...readDispatchOptions() }),
  );
  for (const problem of [...pulled.malformed.map((task) => `left out, malformed: ${task}`), ...pulled.warnings])
    process.stderr.write(`${flow}: ${problem}\n`);
  process.stdout.write(`${JSON.stringify({ flow, ...pulled })}\n`);
}

const program = makeCommand(
  'dispatch',
  "Makes the schedules that pull the manager's tasks and start a workflow for each, or updates them.",
)
  .option('--every <duration>', 'how often to pull', readDuration, 10_000)
  .option('--once', 'pull once in this process instead, and return')
  .option('--pause', 'pause the schedules')
  .option('--resume', 'let paused schedules go on')
  .option('--trigger', 'pull at once, beside the interval')
  .option('--remove', 'remove the schedules')
  .action((options: Options) =>
    withClient(async (client) => {
      for (const flow of flowNames) {
        if (options.once) await dispatchOnce(client, flow);
        else process.stdout.write(`${pullScheduleId(flow)}: ${await handleSchedule(client, flow, options)}\n`);
      }
      await warnOfIdleQueues(client);
    }),
  );

await runCommand(program);
