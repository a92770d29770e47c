import { CancellationScope, isCancellation, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { LeftReason, RegisterOutcome } from '../contracts/outcomes.ts';
import type { SocialTask } from '../contracts/social.ts';
import { searchAttributes } from '../temporal/search-attributes.ts';
import { AtSite } from './at-site.ts';
import type { Registration } from './make-account.ts';
import { judgeFailure, profileFailed, registerAccount, type Report } from './register-account.ts';
import { manager, taskTime } from './steps.ts';

/**
 * Makes one social account and reports it: `register` → `registering` → exactly one report (contract section 2).
 * A task that is not in `register`, is deleted, or whose domain is not enabled is left alone.
 */
export async function socialRegister(taskId: string): Promise<RegisterOutcome> {
  const read = await manager.readTask('social', taskId, 'register');
  if (read.kind === 'left') return leave(read.reason);
  const { task } = read;
  upsertSearchAttributes([
    { key: searchAttributes.domain, value: task.domain },
    { key: searchAttributes.request, value: task.request_id },
  ]);

  // A start that may have arrived must be followed by a report, so a cancellation waits for its answer.
  const started = await CancellationScope.nonCancellable(() => manager.startTask('social', taskId, 'register'));
  if (started.kind !== 'applied') return leave(whyLeft[started.kind]);

  const report = await work(task);
  return CancellationScope.nonCancellable(() => send(taskId, report));
}

async function work(task: SocialTask): Promise<Report> {
  const registration: Registration = {
    task,
    site: new AtSite(task.domain),
    marked: { unreadable: 'the mailbox was not looked at' },
    maybeMade: false,
    usable: false,
  };
  try {
    const scope = new CancellationScope({ cancellable: true, timeout: taskTime });
    return await scope.run(() => registerAccount(registration));
  } catch (error) {
    const overdue = isCancellation(error) && !CancellationScope.current().consideredCancelled;
    return CancellationScope.nonCancellable(() => judgeFailure(error, registration, overdue));
  }
}

async function send(taskId: string, report: Report): Promise<RegisterOutcome> {
  setCurrentDetails('reporting');
  if (report.call === 'complete') {
    const sent = await manager.completeTask('social', taskId, 'registering', report.body);
    if (sent.kind === 'invalid') return send(taskId, profileFailed(sent.message, 'Rejected', report.profileUrl));
    return sent.kind === 'applied' ? conclude({ outcome: 'completed', profileUrl: report.profileUrl }) : leave(whyLeft[sent.kind]);
  }
  const { body, failure, profileUrl } = report;
  const sent = await manager.failTask('social', taskId, 'registering', body);
  if (sent.kind !== 'applied') return leave(whyLeft[sent.kind]);
  const outcome = body.status === 'profile_failed' ? 'profile_failed' : 'register_failed';
  return conclude({ outcome, failure, reason: body.error_message, profileUrl });
}

const whyLeft = { gone: 'gone', refused: "someone else's", invalid: 'refused' } as const;

function leave(reason: LeftReason): RegisterOutcome {
  return conclude({ outcome: 'left', reason });
}

function conclude(end: RegisterOutcome): RegisterOutcome {
  setCurrentDetails('reason' in end ? `${end.outcome}: ${end.reason}` : end.outcome);
  upsertSearchAttributes([
    { key: searchAttributes.outcome, value: end.outcome },
    ...('failure' in end ? [{ key: searchAttributes.failure, value: end.failure }] : []),
  ]);
  return end;
}
