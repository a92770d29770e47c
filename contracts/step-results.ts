import type { MailMark, MailRequest } from './mail.ts';
import type { SocialTask } from './social.ts';

/**
 * Why a step failed, as the failure's type in Temporal and as the search attribute EnlistFailure.
 * Which of them are tried again is said in `workflows/steps.ts`.
 */
export type FailureKind =
  /** The name or e-mail is taken, and not by this task. */
  | 'AlreadyExists'
  /** "Verify that you are human": for a person to do. */
  | 'Challenge'
  /** The site refused what it was given, in its own words. */
  | 'Rejected'
  /** The site did not answer, or answered 429 or 5xx. */
  | 'SiteDown'
  /** The site refused the task's own sign-in. */
  | 'WrongCredentials'
  /** The account is there, but its e-mail address is not confirmed. */
  | 'Unconfirmed'
  /** The site asks for a mailed code, which this step can't wait for. */
  | 'MailCodeNeeded'
  /** A field or page that the recipe expects is missing. */
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
  /** Even after a look it is not known whether the account exists. */
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

/** Cookies and storage of a browser step, as JSON, with which the next one goes on. At most 256 KiB. */
export type Session = string;

/** What `createAccount` and `lookFor` found or made. */
export interface AccountResult {
  session?: Session;
  profileUrl?: string;
  /** The account can't be used until this mail has come and was answered. */
  awaiting?: MailRequest;
  /** The account existed already, or was found by a look: its mail may have come before this run's form was sent. */
  found?: true;
}

/** What a look for an account shows. `taken`: it exists, but not with the task's credentials. */
export interface AccountLookup extends AccountResult {
  state: 'ours' | 'unconfirmed' | 'taken' | 'absent' | 'unknown';
}

/** The task fields that every browser step uses. */
export type StepTask = Pick<
  SocialTask,
  'id' | 'domain' | 'email' | 'username' | 'password' | 'twofa' | 'pass_mail' | 'app_password'
> &
  Partial<Pick<SocialTask, 'first_name' | 'last_name' | 'phone'>>;

/** The result of furnishing a profile: its public address, and what the site did not take, in its own words. */
export interface FurnishedProfile {
  session?: Session;
  profileUrl: string;
  problems: string[];
}

/** The result of putting links on a profile. */
export interface LinkedProfile {
  session?: Session;
  profileUrl: string;
  added: number;
  kept: number;
  /** Links that the public profile does not show although they were added. */
  missing: string[];
}

/** An existing show, and the session in which it was made or found. */
export interface PodcastShow {
  session?: Session;
  feedUrl: string;
}

/** An import that is done, or waits for the mail to the feed's owner. */
export interface SubmittedFeed {
  session?: Session;
  awaiting?: MailRequest;
}

/** What is needed to open a task's mailbox. */
export type MailTask = Pick<SocialTask, 'email' | 'app_password' | 'pass_mail'>;

/** Where the mailbox stood, or why it can't be read, which is a failure only once a site asks for a mail. */
export type MailboxMark = { mark: MailMark } | { unreadable: string };

/** A task as its workflow begins with it, or why it is left alone. */
export type TaskRead<Task> =
  { kind: 'task'; task: Task } | { kind: 'left'; reason: 'stale' | 'gone' | 'not enabled' | 'no feed' | 'malformed' };

/** `applied` by us, now or by an earlier try; `refused`: someone else works the task; `gone`: it was deleted. */
export type TransitionResult =
  { kind: 'applied' } | { kind: 'refused' } | { kind: 'gone' } | { kind: 'invalid'; message: string };
