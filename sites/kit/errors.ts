import type { MailRequest } from '../../contracts/mail.ts';
import type { FailureKind } from '../../contracts/step-results.ts';

/** What went wrong at a site; the workflow decides by its name. The message is for people and has no secrets. */
export abstract class SiteError extends Error {
  abstract readonly kind: FailureKind;
}

/** The user name or e-mail address is taken. */
export class AlreadyExists extends SiteError {
  override readonly name = 'AlreadyExists';
  readonly kind = 'AlreadyExists';
}

/** The site asks to prove that a human is there. Ends the attempt: nothing here answers such a check. */
export class Challenge extends SiteError {
  override readonly name = 'Challenge';
  readonly kind = 'Challenge';
}

/** The site refused what it was given; the message has its own words. */
export class Rejected extends SiteError {
  override readonly name = 'Rejected';
  readonly kind = 'Rejected';
}

/** The site refused the sign-in. */
export class WrongCredentials extends SiteError {
  override readonly name = 'WrongCredentials';
  readonly kind = 'WrongCredentials';
}

/** The credentials are right, but the account's e-mail address is not confirmed yet; `awaiting` is the mail that does it. */
export class Unconfirmed extends SiteError {
  override readonly name = 'Unconfirmed';
  readonly kind = 'Unconfirmed';
  readonly awaiting: MailRequest | undefined;

  constructor(message: string, awaiting?: MailRequest) {
    super(message);
    this.awaiting = awaiting;
  }
}

/** The credentials are right, and the site wants the code that it has just sent by mail. */
export class MailCodeNeeded extends SiteError {
  override readonly name = 'MailCodeNeeded';
  readonly kind = 'MailCodeNeeded';
  readonly awaiting: MailRequest;

  constructor(message: string, awaiting: MailRequest) {
    super(message);
    this.awaiting = awaiting;
  }
}

/** The site can't be reached, or answers 429 or 5xx. */
export class SiteDown extends SiteError {
  override readonly name = 'SiteDown';
  readonly kind = 'SiteDown';
  /** It answered 429 or 503, or said how long to wait: everyone should leave it alone for a while. */
  readonly overloaded: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number, overloaded = retryAfterMs !== undefined) {
    super(message);
    this.overloaded = overloaded;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A field, button or page that the recipe expects is not there. */
export class FormChanged extends SiteError {
  override readonly name = 'FormChanged';
  readonly kind = 'FormChanged';
}

/** The step's deadline passed before the form was sent, so nothing was sent. */
export class DeadlinePassed extends SiteError {
  override readonly name = 'DeadlinePassed';
  readonly kind = 'StepTimeout';
}

/** The page, its context or the browser ended during the step, or hung for too long. */
export class PageLost extends Error {
  override readonly name = 'PageLost';
}
