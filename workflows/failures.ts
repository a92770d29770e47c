import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow';
import type { FailureKind, StepFailure } from '../contracts/step-results.ts';

/** Every kind: an error of any other name is unexpected. */
const kinds: Record<FailureKind, true> = {
  AlreadyExists: true,
  Challenge: true,
  Rejected: true,
  SiteDown: true,
  WrongCredentials: true,
  Unconfirmed: true,
  MailCodeNeeded: true,
  FormChanged: true,
  StepTimeout: true,
  BrowserLost: true,
  NotEnabled: true,
  MailboxRefused: true,
  MailboxDown: true,
  MailMissing: true,
  AssetRefused: true,
  AssetUnavailable: true,
  FeedRefused: true,
  OutcomeUnknown: true,
  Cancelled: true,
  Overdue: true,
  Unexpected: true,
};

function readKind(type: string | null | undefined): FailureKind {
  return type && Object.hasOwn(kinds, type) ? (type as FailureKind) : 'Unexpected';
}

/** A failure as the workflow decides on it. */
export interface FailureInfo {
  kind: FailureKind;
  reason: string;
  /** The account's form was sent, or may have been. */
  submitted: boolean;
  /** The site answered 429 or 503. */
  overloaded?: boolean;
  /** How long the site asks to be left alone, in ms. */
  retryAfterMs?: number;
  /** How long a person is waited for, in ms. */
  waitForPersonMs?: number;
  page?: string;
  evidence?: string;
}

/** A failure that the workflow itself throws. */
export function fail(kind: FailureKind, reason: string): ApplicationFailure {
  return ApplicationFailure.create({ type: kind, message: reason, nonRetryable: true, category: 'BENIGN' });
}

/**
 * Reads why a step failed. Only a step that says so has sent nothing: after a time-out, a lost worker or a cancellation
 * the form may have been sent.
 */
export function readFailure(error: unknown): FailureInfo {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof CancelledFailure) {
    const [details] = cause.details as StepFailure[];
    return { kind: 'Cancelled', reason: 'cancelled', submitted: details?.submitted ?? true };
  }
  if (cause instanceof ApplicationFailure) {
    const [details] = (cause.details ?? []) as StepFailure[];
    return { ...details, kind: readKind(cause.type), reason: cause.message, submitted: details?.submitted ?? true };
  }
  if (cause instanceof TimeoutFailure) {
    return { kind: 'StepTimeout', reason: 'the step was not heard of again', submitted: true };
  }
  return { kind: 'Unexpected', reason: cause instanceof Error ? cause.message : String(cause), submitted: true };
}
