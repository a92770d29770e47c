import type { MailRequest } from './mail.ts';

/**
 * Why a step failed, as the failure's type in Temporal and as the search attribute EnlistFailure.
 * Which of them are tried again is said in `workflows/steps.ts`.
 */
export type FailureKind =
  /** The name or e-mail is taken, and not by this task. */
  | 'AlreadyExists'
  /** "Verify that you are human": a person's business. */
  | 'Challenge'
  /** The site refused what it was given, in its own words. */
  | 'Rejected'
  /** The site did not answer, or answered 429 or 5xx. */
  | 'SiteDown'
  /** The site refused the task's own sign-in. */
  | 'WrongCredentials'
  /** The account is there, but its e-mail address is not confirmed. */
  | 'Unconfirmed'
  /** A mailed code is asked for where the step can't wait for one. */
  | 'MailCodeNeeded'
  /** A field or page that the recipe knows is not there. */
  | 'FormChanged'
  /** The step's own deadline came first. */
  | 'StepTimeout'
  /** The browser or the page crashed. */
  | 'BrowserLost'
  /** The operator's file does not list the domain, or its recipe can't do this. */
  | 'NotEnabled'
  | 'MailboxRefused'
  | 'MailboxDown'
  /** No mail came in time. */
  | 'MailMissing'
  | 'AssetRefused'
  | 'AssetUnavailable'
  /** The podcast's feed is not one that directories take. */
  | 'FeedRefused'
  /** After looking it stays undecided whether the account exists. */
  | 'OutcomeUnknown'
  | 'Cancelled'
  /** The workflow's own deadline. */
  | 'Overdue'
  | 'Unexpected';

/** `details[0]` of a browser step's failure. */
export interface StepFailure {
  /** The form that makes the account was sent, or may have been. */
  submitted: boolean;
  /** Name of the evidence folder under EVIDENCE_DIR. */
  evidence?: string;
  /** The site answered 429 or 503. */
  overloaded?: boolean;
  /** How long the site asks to be left alone, in ms. */
  retryAfterMs?: number;
  /** Of a Challenge or FormChanged, how long a person is waited for, in ms; absent when nobody is. */
  waitForPersonMs?: number;
  /** Path of the page that the step ended on. */
  page?: string;
}

/** Cookies and storage of a browser step, as JSON, for the next one to go on with. At most 256 KiB. */
export type Session = string;

/** What `createAccount` and `lookFor` found or made. */
export interface Made {
  session?: Session;
  profileUrl?: string;
  /** The account can't be used before this mail has come and been answered. */
  awaiting?: MailRequest;
  /** The account was there already, or was found there: that mail may have come before this run's form was sent. */
  found?: true;
}

/** What looking for an account shows. `taken`: it exists, but refuses the task's credentials. */
export interface Sighting extends Made {
  state: 'ours' | 'unconfirmed' | 'taken' | 'absent' | 'unknown';
}

/** How a register phase ended, as it was reported. */
export type RegisterOutcome =
  | { outcome: 'completed'; profileUrl?: string }
  | { outcome: 'profile_failed'; failure: FailureKind; reason: string; profileUrl?: string }
  | { outcome: 'register_failed'; failure: FailureKind; reason: string; profileUrl?: string };

/** How an entity task's connect phase ended, as it was reported. */
export interface ConnectOutcome {
  outcome: 'completed' | 'connect_failed';
  failure?: FailureKind;
  reason?: string;
  profileUrl?: string;
}

/** How a podcast task ended, as it was reported; `feedUrl` is what a main site's completed task brought. */
export interface PodcastOutcome {
  outcome: 'completed' | 'failed';
  failure?: FailureKind;
  reason?: string;
  feedUrl?: string;
}

/** How a run of a podcast request ended: `completed` when each task that it knew of was. */
export interface PodcastRequestOutcome {
  outcome: 'completed' | 'incomplete';
  reason?: string;
  /** How each task's last workflow ended; `waiting` for one that was not started. */
  tasks: Record<string, string>;
}

/** How the registration of a mini-app user ended: both of the first two are as wanted. */
export type MiniAppOutcome =
  | { outcome: 'registered'; userId: number; username: string }
  | { outcome: 'exists' }
  | { outcome: 'failed'; reason: string };

/** A task that was left alone, with nothing to report. */
export interface LeftTask {
  outcome: 'left';
  reason: LeftReason;
}

/** Why a task was left alone, with nothing to report. */
export type LeftReason =
  /** It is not in the status that the workflow was started for. */
  | 'stale'
  /** It was deleted. */
  | 'gone'
  /** The operator's file does not list its domain. */
  | 'not enabled'
  /** The feed that it is to import is not known yet. */
  | 'no feed'
  /** What the manager sent is no task. */
  | 'malformed'
  /** Another worker fleet has started it. */
  | "someone else's"
  /** The manager took no form of the call. */
  | 'refused';
