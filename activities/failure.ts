import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import type { FailureKind, StepFailure } from '../contracts/step-results.ts';
import type { StepFailed } from '../services/browser/step-failure.ts';

/**
 * A step's failure as Temporal gets it: its kind is its type. What a site, a mailbox or a deadline causes is no fault
 * of the worker, so only unexpected failures go into its error log.
 */
export function makeFailure(kind: FailureKind, message: string, details?: StepFailure): ApplicationFailure {
  return ApplicationFailure.create({
    type: kind,
    message,
    ...(details && { details: [details] }),
    ...(kind !== 'Unexpected' && { category: 'BENIGN' as const }),
  });
}

/** A browser step's failure as Temporal gets it. */
export function readStepFailure({ kind, message, details }: StepFailed): ApplicationFailure | CancelledFailure {
  return kind === 'Cancelled' ? new CancelledFailure(message, [details]) : makeFailure(kind, message, details);
}
