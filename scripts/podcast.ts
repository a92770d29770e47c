import { AssignClient } from '../activities/assign/client.ts';
import { readDispatchSetting } from '../activities/dispatch/setting.ts';
import { listWaiting } from '../activities/podcast/waiting.ts';
import { readEnvironment } from '../contracts/environment.ts';
import type { WaitingPodcast } from '../contracts/podcast.ts';
import { Sites } from '../sites/sites-file.ts';
import { startPodcast } from '../temporal/start-podcast.ts';
import { podcastRequestId } from '../temporal/workflow-ids.ts';
import { askManager, CommandError, makeCommand, runCommand, withClient } from './command.ts';
import { reportStart } from './follow-workflow.ts';

function readWaitingTasks(requestId: string, mainDomains: string[]): Promise<WaitingPodcast[]> {
  const { ASSIGN_URL, ASSIGN_API_KEY, SITES_FILE } = readEnvironment('ASSIGN_URL', 'ASSIGN_API_KEY', 'SITES_FILE');
  const assign = new AssignClient(ASSIGN_URL, ASSIGN_API_KEY);
  return askManager(ASSIGN_URL, listWaiting({ assign, sites: new Sites(SITES_FILE), mainDomains }, requestId));
}

await runCommand(
  makeCommand('podcast', "Starts the workflow of a podcast request: its main site's account and show first, then the import of the feed on the sub-sites.")
    .argument('<request-id>', "the request's id at the manager")
    .option('--wait', 'follow the workflow to its end')
    .addHelpText('after', '\nExit code: 0 started, with --wait all its tasks completed; 1 any other end; 2 not started.\nThe last line on stdout is JSON: workflowId, and outcome after --wait.')
    .action((requestId: string, { wait }: { wait?: boolean }) =>
      withClient(async (client) => {
        const workflowId = podcastRequestId(requestId);
        const { mainDomains, podcast } = readDispatchSetting();
        const tasks = await readWaitingTasks(requestId, mainDomains);
        const state = await startPodcast(client, requestId, tasks, podcast);
        if (state === 'waiting') {
          throw new CommandError(
            tasks.length === 0
              ? `the manager has no waiting task of the podcast request ${requestId} for a site that SITES_FILE lists: there is nothing to start`
              : `the ${tasks.length} waiting tasks of the podcast request ${requestId} are of sub-sites, and wait for a main site's feed (main sites are ${mainDomains.join(', ')}): there is nothing to start`,
          );
        }
        await reportStart(client, workflowId, { state, wait, good: ['completed'] });
      }),
    ),
);
