import type { Client } from '@temporalio/client';
import { readEnvironment } from '../config/environment.ts';
import { Sites } from '../config/sites-file.ts';
import { podcastTask, type WaitingPodcast } from '../contracts/podcast.ts';
import { readDispatchOptions } from '../services/dispatch/options.ts';
import { describeWaiting, listWaiting, type Waiting } from '../services/dispatch/waiting-podcasts.ts';
import { TaskClient } from '../services/manager-client/task-client.ts';
import { startPodcast } from '../temporal/start-podcast.ts';
import { readLastRun } from '../temporal/task-runs.ts';
import { podcastRequestId, taskWorkflowId } from '../temporal/workflow-ids.ts';
import { askManager, CommandError, makeCommand, runCommand, withClient } from './command.ts';
import { reportStart } from './follow-workflow.ts';

interface Options {
  wait?: boolean;
  adopt?: string;
}

/** Where a request's tasks are read, and by what address. */
function readPlace(mainDomains: string[]): Waiting & { url: string } {
  const { ASSIGN_URL: url, ASSIGN_API_KEY, SITES_FILE } = readEnvironment('ASSIGN_URL', 'ASSIGN_API_KEY', 'SITES_FILE');
  return { url, assign: new TaskClient(url, ASSIGN_API_KEY), sites: new Sites(SITES_FILE), mainDomains };
}

/** A task of the request that was left behind: whether it was, the manager does not tell. @throws CommandError */
async function readLeftBehind(
  { url, assign, sites, mainDomains }: Waiting & { url: string },
  requestId: string,
  taskId: string,
): Promise<WaitingPodcast> {
  const answer = await askManager(url, assign.read('podcast', taskId, undefined));
  if (answer.kind === 'gone') throw new CommandError(`the manager knows no podcast task ${taskId}`);
  const { data: task } = podcastTask.safeParse(answer.kind === 'ok' ? answer.data : undefined);
  if (!task)
    throw new CommandError(`the manager refuses to tell of the task ${taskId}, or what it tells is no podcast task`);
  if (task.request_id !== requestId)
    throw new CommandError(
      `the task ${taskId} is not of the podcast request ${requestId} but of ${task.request_id}: there is nothing to adopt`,
    );
  if (!(await sites.find(task.domain)))
    throw new CommandError(`${task.domain} is not listed in SITES_FILE: there is nothing to adopt`);
  return { ...describeWaiting(task, mainDomains), adopt: true };
}

async function start(client: Client, requestId: string, wait: boolean | undefined): Promise<void> {
  const { mainDomains, podcast } = readDispatchOptions();
  const place = readPlace(mainDomains);
  const tasks = await askManager(place.url, listWaiting(place, requestId));
  const state = await startPodcast(client, requestId, tasks, podcast);
  if (state === 'waiting') {
    throw new CommandError(
      tasks.length === 0
        ? `the manager has no waiting task of the podcast request ${requestId} for a site that SITES_FILE lists: there is nothing to start`
        : `the ${tasks.length} waiting tasks of the podcast request ${requestId} are of sub-sites, and wait for a main site's feed (main sites are ${mainDomains.join(', ')}): there is nothing to start`,
    );
  }
  await reportStart(client, podcastRequestId(requestId), { state, wait, good: ['completed'] });
}

/** Has the request's workflow take the task up again, whether it is open or not. */
async function adopt(client: Client, requestId: string, taskId: string, wait: boolean | undefined): Promise<void> {
  const { mainDomains, podcast } = readDispatchOptions();
  const task = await readLeftBehind(readPlace(mainDomains), requestId, taskId);
  if ((await readLastRun(client, 'podcast', taskId))?.open) {
    return reportStart(client, taskWorkflowId('podcast', taskId), { state: 'open', good: [] });
  }
  if ((await startPodcast(client, requestId, [task], podcast)) === 'waiting') {
    throw new CommandError(
      `the task ${taskId} is of a sub-site, and waits for a main site's feed (main sites are ${mainDomains.join(', ')}): there is nothing to adopt`,
    );
  }
  await reportStart(client, podcastRequestId(requestId), { state: 'started', wait, good: ['completed'] });
}

await runCommand(
  makeCommand(
    'podcast',
    "Starts the workflow of a podcast request: its main site's account and show first, then the import of the feed on the sub-sites.",
  )
    .argument('<request-id>', "the request's id at the manager")
    .option('--wait', 'follow the workflow to its end')
    .option(
      '--adopt <task-id>',
      'take up a task of it that was started, and whose workflow closed without a report ("npm run doctor" lists them)',
    )
    .addHelpText(
      'after',
      '\nExit code: 0 started, with --wait all its tasks completed; 1 any other end; 2 not started.\nThe last line on stdout is JSON: workflowId, and outcome after --wait.',
    )
    .action((requestId: string, { wait, adopt: taskId }: Options) =>
      withClient((client) =>
        taskId === undefined ? start(client, requestId, wait) : adopt(client, requestId, taskId, wait),
      ),
    ),
);
