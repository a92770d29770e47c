import {
  CancellationScope,
  CancelledFailure,
  isCancellation,
  setCurrentDetails,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { CompleteConnect, FailConnect } from '../contracts/entity.ts';
import type { Status } from '../contracts/flow-statuses.ts';
import type { Flow } from '../contracts/flows.ts';
import type { LeftReason, LeftTask } from '../contracts/outcomes.ts';
import type { CompletePodcast, FailPodcast } from '../contracts/podcast.ts';
import type { CompleteRegister, FailRegister } from '../contracts/social.ts';
import type { FailureKind, TaskRead, TransitionResult } from '../contracts/step-results.ts';
import { searchAttributes } from '../contracts/workflows.ts';
import { manager, taskTime } from './steps.ts';

/** What every outcome of a task's workflow has. */
interface End {
  outcome: string;
  failure?: FailureKind;
  reason?: string;
}

/** The one report that ends a started task, and the workflow's outcome once it was sent. */
export type Report<Outcome extends End> = {
  end: Outcome;
  /** What to report instead when the manager refuses the body, with its reason. */
  instead?: (reason: string) => Report<Outcome>;
} & (
  | { call: 'complete'; body: CompleteRegister | CompleteConnect | CompletePodcast }
  | { call: 'fail'; body: FailRegister | FailConnect | FailPodcast }
);

/** One try at a started task. */
export interface Attempt<Outcome extends End> {
  run(): Promise<Report<Outcome>>;
  /** Decides what to report when `run` did not come to its end. */
  reportFailure(error: unknown, overdue: boolean): Promise<Report<Outcome>>;
}

/**
 * How to work a task; `waiting` and `working` are its statuses before and after its start, where the flow's API tells
 * them.
 */
export interface TaskPlan<Task, Outcome extends End> {
  flow: Flow;
  taskId: string;
  waiting: Status | undefined;
  working: Status | undefined;
  /** It is in its working status already, so `start` is not sent. */
  started?: boolean;
  read(): Promise<TaskRead<Task>>;
  begin(task: Task): Attempt<Outcome>;
}

/**
 * Takes a task from `start` to exactly one report, however its work ends
 * (docs/api-contract.md#one-report). A task that is not in the status it is read in, is deleted, or whose domain is not
 * enabled is left alone.
 */
export async function workTask<Task extends { domain: string; request_id: string }, Outcome extends End>(
  plan: TaskPlan<Task, Outcome>,
): Promise<Outcome | LeftTask> {
  const read = await plan.read();
  if (read.kind === 'left') return leave(read.reason);
  upsertSearchAttributes([
    { key: searchAttributes.domain, value: read.task.domain },
    { key: searchAttributes.request, value: read.task.request_id },
  ]);

  if (!plan.started) {
    const started = await start(plan);
    if (started.kind !== 'applied') return leave(whyLeft[started.kind]);
  }
  const report = await work(plan.begin(read.task));
  return CancellationScope.nonCancellable(() => send(plan, report));
}

async function start<Task, Outcome extends End>({
  flow,
  taskId,
  waiting,
}: TaskPlan<Task, Outcome>): Promise<TransitionResult> {
  // The read finishes although the workflow was cancelled meanwhile. Nothing has been sent yet, so nothing is reported.
  if (CancellationScope.current().consideredCancelled)
    throw new CancelledFailure('cancelled before the task was started');
  // A `start` that may have arrived must be followed by a report, so a cancellation waits for its answer.
  return CancellationScope.nonCancellable(() => manager.startTask(flow, taskId, waiting));
}

async function work<Outcome extends End>(attempt: Attempt<Outcome>): Promise<Report<Outcome>> {
  try {
    const scope = new CancellationScope({ cancellable: true, timeout: taskTime });
    return await scope.run(() => attempt.run());
  } catch (error) {
    const overdue = isCancellation(error) && !CancellationScope.current().consideredCancelled;
    return CancellationScope.nonCancellable(() => attempt.reportFailure(error, overdue));
  }
}

async function send<Task, Outcome extends End>(
  plan: TaskPlan<Task, Outcome>,
  report: Report<Outcome>,
): Promise<Outcome | LeftTask> {
  const { flow, taskId, working } = plan;
  setCurrentDetails('reporting');
  const sent =
    report.call === 'complete'
      ? await manager.completeTask(flow, taskId, working, report.body)
      : await manager.failTask(flow, taskId, working, report.body);
  if (sent.kind === 'applied') return conclude(report.end);
  if (sent.kind === 'invalid' && report.instead) return send(plan, report.instead(sent.message));
  return leave(whyLeft[sent.kind]);
}

const whyLeft = { gone: 'gone', refused: "someone else's", invalid: 'refused' } as const;

function leave(reason: LeftReason): LeftTask {
  return conclude({ outcome: 'left', reason });
}

function conclude<Outcome extends End>(end: Outcome): Outcome {
  setCurrentDetails(end.reason ? `${end.outcome}: ${end.reason}` : end.outcome);
  upsertSearchAttributes([
    { key: searchAttributes.outcome, value: end.outcome },
    ...(end.failure ? [{ key: searchAttributes.failure, value: end.failure }] : []),
  ]);
  return end;
}
