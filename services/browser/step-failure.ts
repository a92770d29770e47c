import type { FailureKind, StepFailure } from '../../contracts/step-results.ts';
import { PageLost, SiteDown, SiteError } from '../../sites/kit/errors.ts';
import { AssetRefused, AssetUnavailable } from '../assets/errors.ts';

const longestMessage = 2_000;
/** What a person can finish in their own browser. */
const forPeople: FailureKind[] = ['Challenge', 'FormChanged'];

/** A browser step's failure: of a known kind, short, and without secrets. */
export class StepFailed extends Error {
  override name = 'StepFailed';
  readonly kind: FailureKind;
  readonly details: StepFailure;

  constructor(kind: FailureKind, message: string, details: StepFailure, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
    this.details = details;
  }
}

/** What was known of a step when it ended. */
export interface StepContext extends Pick<StepFailure, 'submitted'> {
  evidence?: string | undefined;
  /** How long the site lets a person be waited for, in ms. */
  waitForPersonMs?: number | undefined;
  page?: string | undefined;
  cancelled: boolean;
  overdue: boolean;
  redact: (text: string) => string;
}

function readKind(error: unknown, { cancelled, overdue }: StepContext): FailureKind {
  if (cancelled) return 'Cancelled';
  if (overdue) return 'StepTimeout';
  if (error instanceof SiteError) return error.kind;
  if (error instanceof AssetRefused) return 'AssetRefused';
  if (error instanceof AssetUnavailable) return 'AssetUnavailable';
  if (error instanceof PageLost || /has been closed|browser.*crashed|Target closed/i.test(String(error)))
    return 'BrowserLost';
  return 'Unexpected';
}

/** Turns any error of a browser step into a failure of a known kind. */
export function describeFailure(error: unknown, context: StepContext): StepFailed {
  const { submitted, evidence, page } = context;
  const kind = readKind(error, context);
  const { overloaded, retryAfterMs } = error instanceof SiteDown ? error : {};
  const waitForPersonMs = forPeople.includes(kind) ? context.waitForPersonMs : undefined;
  return new StepFailed(
    kind,
    describe(error, context),
    {
      submitted,
      ...(evidence !== undefined && { evidence }),
      ...(overloaded !== undefined && { overloaded }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(waitForPersonMs !== undefined && { waitForPersonMs }),
      ...(page !== undefined && { page }),
    },
    error,
  );
}

function describe(error: unknown, { cancelled, overdue, redact, evidence }: StepContext): string {
  if (cancelled) return 'the step was cancelled';
  const text = overdue ? "the step's time was over" : error instanceof Error ? error.message : String(error);
  return redact(text).slice(0, longestMessage) + (evidence === undefined ? '' : ` (evidence: ${evidence})`);
}
