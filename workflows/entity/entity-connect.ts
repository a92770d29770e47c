import { setCurrentDetails } from '@temporalio/workflow';
import type { EntityPhase, EntityTask } from '../../contracts/entity.ts';
import { flows } from '../../contracts/flows.ts';
import type { ConnectOutcome, LeftTask, RegisterOutcome } from '../../contracts/outcomes.ts';
import { runRegisterPhase } from '../account/run-register-phase.ts';
import { signInToSite } from '../account/sign-in-to-site.ts';
import { readFailure } from '../failures.ts';
import { AtSite } from '../pace/at-site.ts';
import { addLinks, manager, siteSteps } from '../steps.ts';
import { type Report, workTask } from '../work-task.ts';

/**
 * One phase of an entity task: makes the account, as a social task's is made, or puts links on its profile.
 *
 * @param adopted an earlier workflow started the phase and closed without a report: this one takes it up where it was left
 */
export function entityConnect(
  taskId: string,
  phase: EntityPhase,
  adopted = false,
): Promise<RegisterOutcome | ConnectOutcome | LeftTask> {
  return phase === 'register' ? runRegisterPhase('entity', taskId, adopted) : connectTask(taskId, adopted);
}

function connectTask(taskId: string, adopted: boolean): Promise<ConnectOutcome | LeftTask> {
  const { working } = flows.entity.phases.connect;
  return workTask<EntityTask, ConnectOutcome>({
    flow: 'entity',
    taskId,
    waiting: 'connect',
    working,
    started: adopted,
    read: () => manager.readConnectTask(taskId, adopted ? working : 'connect'),
    begin: (task) => ({
      run: () => putLinks(task),
      reportFailure: async (error, overdue) => {
        const { kind, reason } = readFailure(error);
        return overdue ? connectFailed("the task's time was over", 'Overdue') : connectFailed(reason, kind);
      },
    }),
  });
}

async function putLinks(task: EntityTask): Promise<Report<ConnectOutcome>> {
  const site = new AtSite(task);
  const session = await signInToSite(task, site);
  setCurrentDetails('putting the links on the profile');
  const { profileUrl: found, added, kept, missing } = await site.run(siteSteps.addLinks, () => addLinks(task, session));
  const profileUrl = site.handoff.link ?? found;
  if (missing.length > 0)
    return connectFailed(
      `the profile does not show ${missing.length} of the links: ${missing.slice(0, 5).join(' ')}`,
      'Rejected',
    );
  return {
    call: 'complete',
    body: { link_post: profileUrl, note: `${added} links added, ${kept} were there` },
    end: { outcome: 'completed', profileUrl },
    instead: (reason) => connectFailed(reason, 'Rejected'),
  };
}

function connectFailed(reason: string, failure: ConnectOutcome['failure'] & string): Report<ConnectOutcome> {
  return { call: 'fail', body: { error_message: reason }, end: { outcome: 'connect_failed', failure, reason } };
}
