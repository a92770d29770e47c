import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import type { FailureKind, StepFailure } from '../../contracts/outcomes.ts';
import { PageLost, SiteDown, SiteError } from '../../sites/kit/errors.ts';
import { AssetRefused, AssetUnavailable } from '../assets/errors.ts';

const longestMessage = 2_000;
/** What a person can mend in their own browser. */
const forPeople: FailureKind[] = ['Challenge', 'FormChanged'];

/** How a step ended, for telling its failure. */
export interface StepEnd extends StepFailure {
  cancelled: boolean;
  overdue: boolean;
  redact: (text: string) => string;
}

function readKind(error: unknown, end: StepEnd): FailureKind {
  if (end.overdue) return 'StepTimeout';
  if (error instanceof SiteError) return error.kind;
  if (error instanceof AssetRefused) return 'AssetRefused';
  if (error instanceof AssetUnavailable) return 'AssetUnavailable';
  if (error instanceof PageLost || /has been closed|browser.*crashed|Target closed/i.test(String(error))) return 'BrowserLost';
  return 'Unexpected';
}

/** Makes of any error of a browser step the failure that the workflow decides on: typed, short and without secrets. */
export function describeFailure(error: unknown, end: StepEnd): ApplicationFailure | CancelledFailure {
  const { submitted, evidence, page } = end;
  const kind = readKind(error, end);
  const text = end.overdue ? "the step's time was over" : error instanceof Error ? error.message : String(error);
  const { overloaded, retryAfterMs } = error instanceof SiteDown ? error : {};
  const waitForPersonMs = forPeople.includes(kind) ? end.waitForPersonMs : undefined;
  const details: StepFailure[] = [{ submitted, evidence, overloaded, retryAfterMs, waitForPersonMs, page }];
  if (end.cancelled) return new CancelledFailure('the step was cancelled', details);
  return ApplicationFailure.create({
    type: kind,
    message: end.redact(text).slice(0, longestMessage) + (evidence === undefined ? '' : ` (evidence: ${evidence})`),
    details,
    // What a site or a deadline says is no fault of the worker's; only the unexpected belongs into its error log.
    category: kind === 'Unexpected' ? undefined : 'BENIGN',
  });
}
