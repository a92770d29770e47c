import type { RetryPolicy } from '@temporalio/common';
import { type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { BrowserActivities } from '../activities/browser.ts';
import type { FeedActivities } from '../activities/feed.ts';
import type { MailActivities } from '../activities/mail.ts';
import type { ManagerActivities } from '../activities/manager.ts';
import type { MiniAppActivities } from '../activities/mini-app.ts';
import type { PaceActivities } from '../activities/pace.ts';
import type { PodcastActivities } from '../activities/podcast.ts';
import type { FailureKind } from '../contracts/step-results.ts';
import { taskQueues } from '../temporal/task-queues.ts';

/** Failures that another try would not change; all others are transient. */
export const nonRetryable = [
  'AlreadyExists',
  'Challenge',
  'Rejected',
  'WrongCredentials',
  'Unconfirmed',
  'MailCodeNeeded',
  'FormChanged',
  'NotEnabled',
  'MailboxRefused',
  'MailMissing',
  'AssetRefused',
] satisfies FailureKind[];

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** A step that acts on a site. Times in ms. */
export interface SiteStep {
  /** The server's time-out for one attempt; the step itself gives up a little earlier. */
  time: number;
  /** Attempts in all; each has a permit of the site's gate. */
  tries: number;
  /** The wait before the second attempt; it doubles up to `longestPause`. */
  firstPause: number;
  longestPause: number;
  /** Whether it makes an account, so that the site's `every` counts. */
  creating: boolean;
  /**
   * It makes something that can't be undone, although each try looks first: after a try that may have sent its form,
   * its whole time is waited before the next one looks.
   */
  settles?: true;
  /** What the Web UI calls it. */
  summary: string;
}

/** By risk: what can't be undone is tried once; what only reads, or is idempotent, is retried. */
export const siteSteps = {
  createAccount: {
    time: 4 * minute,
    tries: 1,
    firstPause: 0,
    longestPause: 0,
    creating: true,
    summary: 'sign up, unless the account is there',
  },
  lookFor: {
    time: 2 * minute,
    tries: 6,
    firstPause: 5 * second,
    longestPause: 2 * minute,
    creating: false,
    summary: 'look whether the account is there',
  },
  confirmEmail: {
    time: 2 * minute,
    tries: 8,
    firstPause: 5 * second,
    longestPause: 5 * minute,
    creating: false,
    summary: 'answer the confirmation mail',
  },
  signIn: {
    time: 2 * minute,
    tries: 8,
    firstPause: 5 * second,
    longestPause: 5 * minute,
    creating: false,
    summary: 'sign in',
  },
  answerSignIn: {
    time: 2 * minute,
    tries: 3,
    firstPause: 5 * second,
    longestPause: minute,
    creating: false,
    summary: 'enter the mailed code',
  },
  addLinks: {
    time: 5 * minute,
    tries: 8,
    firstPause: 5 * second,
    longestPause: 5 * minute,
    creating: false,
    summary: 'put the links on the profile',
  },
  updateProfile: {
    time: 5 * minute,
    tries: 8,
    firstPause: 5 * second,
    longestPause: 5 * minute,
    creating: false,
    summary: 'furnish the profile',
  },
  makeShow: {
    time: 5 * minute,
    tries: 4,
    firstPause: 5 * second,
    longestPause: 5 * minute,
    creating: false,
    settles: true,
    summary: 'make the show, unless it is there',
  },
  importFeed: {
    time: 5 * minute,
    tries: 6,
    firstPause: 5 * second,
    longestPause: 5 * minute,
    creating: false,
    summary: 'hand in the feed, unless it is there',
  },
  confirmImport: {
    time: 2 * minute,
    tries: 6,
    firstPause: 5 * second,
    longestPause: 5 * minute,
    creating: false,
    summary: "answer the mail to the feed's owner",
  },
} satisfies Record<string, SiteStep>;

/** How long a step with a permit may wait for a free browser; then it asks for a new permit. */
const browserWait = 5 * minute;
/**
 * The pause before that; it grows by the same amount each time, so that a week without a browser does not fill the
 * history.
 */
export const neverStartedPause = minute;
export const longestNeverStartedPause = 10 * minute;
/** How long a confirmation mail is waited for. */
const mailTime = 15 * minute;
/** How long a task may take from its start to its report: its site's pace may make it wait for days. */
export const taskTime = 7 * 24 * hour;
/** Tries at the sign-up form: each further one only after the site was looked at, or when nothing was sent. */
export const createTries = 3;
/** The wait before the second try; it grows with each. */
export const createPause = 30 * second;

/** A request may wait long for its main site, so its own pulls become rarer and rarer. */
export const firstOwnPull = minute;
export const longestOwnPull = 30 * minute;

/** How long a permit is held when nobody returns it: the step's longest time, and 30 s. */
export function lease({ time }: SiteStep): number {
  return browserWait + time + 30 * second;
}

/** A manager that is down is retried until it answers. */
const waitForManager: RetryPolicy = { initialInterval: second, backoffCoefficient: 2, maximumInterval: 2 * minute };
const retryRead: RetryPolicy = {
  initialInterval: 2 * second,
  maximumInterval: minute,
  nonRetryableErrorTypes: nonRetryable,
};

const services: ActivityOptions = { taskQueue: taskQueues.services, cancellationType: 'WAIT_CANCELLATION_COMPLETED' };

export const manager = proxyActivities<ManagerActivities>({
  ...services,
  startToCloseTimeout: 2 * minute,
  heartbeatTimeout: 20 * second,
  retry: waitForManager,
});

export const { registerMiniAppUser } = proxyActivities<MiniAppActivities>({
  ...services,
  startToCloseTimeout: minute,
  retry: waitForManager,
  summary: 'register the user',
});

export const pace = proxyActivities<PaceActivities>({
  ...services,
  startToCloseTimeout: 30 * second,
  retry: { maximumInterval: 30 * second, nonRetryableErrorTypes: nonRetryable },
});

export const { pullRequest } = proxyActivities<PodcastActivities>({
  ...services,
  startToCloseTimeout: 2 * minute,
  heartbeatTimeout: 20 * second,
  retry: waitForManager,
  summary: 'look for waiting tasks of the request',
});

export const { awaitWorkflow } = proxyActivities<PodcastActivities>({
  ...services,
  startToCloseTimeout: taskTime + 24 * hour,
  heartbeatTimeout: 30 * second,
  retry: waitForManager,
  summary: 'wait for the workflow that is open already',
});

/** A new feed may not be served yet. */
export const { checkFeed } = proxyActivities<FeedActivities>({
  ...services,
  startToCloseTimeout: 2 * minute,
  heartbeatTimeout: 20 * second,
  retry: { initialInterval: 5 * second, backoffCoefficient: 2, maximumInterval: minute, maximumAttempts: 6 },
  summary: 'check the feed',
});

/** Nothing has been sent yet, so a mail server that is down is waited for. */
export const { markMailbox } = proxyActivities<MailActivities>({
  ...services,
  startToCloseTimeout: minute,
  heartbeatTimeout: 20 * second,
  retry: { ...retryRead, maximumInterval: 5 * minute },
});

export const { findMail } = proxyActivities<MailActivities>({
  ...services,
  startToCloseTimeout: minute,
  heartbeatTimeout: 20 * second,
  retry: { ...retryRead, maximumAttempts: 6 },
});

export const { awaitMail } = proxyActivities<MailActivities>({
  ...services,
  startToCloseTimeout: mailTime,
  scheduleToCloseTimeout: 2 * mailTime,
  heartbeatTimeout: 20 * second,
  retry: retryRead,
});

function atBrowser({ time, summary }: SiteStep): ActivityOptions {
  return {
    taskQueue: taskQueues.browser,
    summary,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    scheduleToStartTimeout: browserWait,
    startToCloseTimeout: time,
    // The first heartbeat is sent when the step begins, then one every 2 s: missing ones mean that the worker is gone.
    heartbeatTimeout: 20 * second,
    // Each try needs its own permit, so the workflow retries a step, not the server.
    retry: { maximumAttempts: 1 },
  };
}

export const { createAccount } = proxyActivities<BrowserActivities>(atBrowser(siteSteps.createAccount));
export const { lookFor } = proxyActivities<BrowserActivities>(atBrowser(siteSteps.lookFor));
export const { confirmEmail } = proxyActivities<BrowserActivities>(atBrowser(siteSteps.confirmEmail));
export const { updateProfile } = proxyActivities<BrowserActivities>(atBrowser(siteSteps.updateProfile));
export const { signIn } = proxyActivities<BrowserActivities>(atBrowser(siteSteps.signIn));
export const { answerSignIn } = proxyActivities<BrowserActivities>(atBrowser(siteSteps.answerSignIn));
export const { makeShow } = proxyActivities<BrowserActivities>(atBrowser(siteSteps.makeShow));
export const { importFeed } = proxyActivities<BrowserActivities>(atBrowser(siteSteps.importFeed));
export const { confirmImport } = proxyActivities<BrowserActivities>(atBrowser(siteSteps.confirmImport));
export const { addLinks } = proxyActivities<BrowserActivities>(atBrowser(siteSteps.addLinks));
