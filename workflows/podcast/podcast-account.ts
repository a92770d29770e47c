import { setCurrentDetails, sleep, workflowInfo } from '@temporalio/workflow';
import type { LeftTask, PodcastOutcome } from '../../contracts/outcomes.ts';
import type { PodcastWork } from '../../contracts/podcast.ts';
import type { AccountResult, FailureKind, MailboxMark, Session } from '../../contracts/step-results.ts';
import type { Registration } from '../account/create-account-once.ts';
import { assessAccount, createAndConfirmAccount, newRegistration } from '../account/create-and-confirm-account.ts';
import { writeCookies } from '../account/session-cookies.ts';
import { mailFields } from '../account/task-fields.ts';
import { fail } from '../failures.ts';
import {
  awaitMail,
  checkFeed,
  confirmImport,
  importFeed,
  makeShow,
  manager,
  markMailbox,
  type SiteStep,
  siteSteps,
} from '../steps.ts';
import { type Report, workTask } from '../work-task.ts';

type PodcastReport = Report<PodcastOutcome>;

/**
 * One podcast task: the account, and on a main site its show, on a sub-site the main site's feed; reported exactly once
 * (docs/api-contract.md#podcast). A sub-site whose feed is not known yet is left alone.
 *
 * @param adopted an earlier workflow started the task and closed without a report: this one takes it up where it was left
 */
export function podcastAccount(taskId: string, adopted = false): Promise<PodcastOutcome | LeftTask> {
  return workTask<PodcastWork, PodcastOutcome>({
    flow: 'podcast',
    taskId,
    waiting: undefined,
    working: undefined,
    read: () => manager.readPodcastTask(taskId),
    begin: (task) => {
      const registration = newRegistration(task, adopted);
      return {
        run: () => (task.main ? workMainSite(task, registration, adopted) : workSubSite(task, registration, adopted)),
        reportFailure: async (error, overdue) => {
          const { kind, reason } = await assessAccount(error, registration, overdue);
          return failed(reason, kind);
        },
      };
    },
  });
}

async function workMainSite(task: PodcastWork, registration: Registration, adopted: boolean): Promise<PodcastReport> {
  const { session } = await createAndConfirmAccount(registration);
  if (adopted) await waitForEarlierAttempt(siteSteps.makeShow);
  setCurrentDetails('making the show');
  const show = await registration.site.run(siteSteps.makeShow, () => makeShow(task, session));
  setCurrentDetails('checking the feed');
  await checkFeed(show.feedUrl, task.email);
  return completed(task, show.session ?? session, 'account and show made, feed checked', show.feedUrl);
}

async function workSubSite(task: PodcastWork, registration: Registration, adopted: boolean): Promise<PodcastReport> {
  // First, since a feed that no directory would take needs no account.
  setCurrentDetails('checking the feed');
  const { ownerEmail } = await checkFeed(task.link_rss);
  const made = await createAndConfirmAccount(registration);
  if (adopted) await waitForEarlierAttempt(siteSteps.importFeed);
  const session = await importAndConfirmFeed(task, ownerEmail, registration, made);
  return completed(task, session, 'account made, feed imported');
}

/** A step of the task's earlier workflow may be at work still, and the next could not see what that is about to make. */
async function waitForEarlierAttempt({ time }: SiteStep): Promise<void> {
  const left = workflowInfo().startTime.getTime() + time - Date.now();
  if (left > 0) await sleep(left);
}

/** Hands the feed in, and answers the mail that the site sends to the feed's owner. */
async function importAndConfirmFeed(
  task: PodcastWork,
  ownerEmail: string,
  { site }: Registration,
  made: AccountResult,
): Promise<Session | undefined> {
  setCurrentDetails('importing the feed');
  let marked = { unreadable: 'the mailbox was not looked at' } as MailboxMark;
  // For each try anew: each sends its own mail, and only the last code is valid.
  const mark = async () => {
    marked = await markMailbox(mailFields(task));
  };
  const handedIn = await site.run(siteSteps.importFeed, () => importFeed(task, made.session), mark);
  const session = handedIn.session ?? made.session;
  if (!handedIn.awaiting) return session;

  setCurrentDetails("waiting for the mail to the feed's owner");
  if (ownerEmail.toLowerCase() !== task.email.toLowerCase()) {
    throw fail(
      'MailboxRefused',
      "the site mailed a code to the feed's owner, whose address is not this task's: its mailbox can't be read",
    );
  }
  if (!('mark' in marked)) throw fail('MailboxRefused', marked.unreadable);
  const proof = await awaitMail(mailFields(task), marked.mark, handedIn.awaiting);
  setCurrentDetails('confirming the import');
  const confirmed = await site.run(siteSteps.confirmImport, () => confirmImport(task, session, proof));
  return confirmed.session ?? session;
}

function completed(
  { email, username, password }: PodcastWork,
  session: Session | undefined,
  note: string,
  feedUrl?: string,
): PodcastReport {
  return {
    call: 'complete',
    body: { email, username, password, cookie: writeCookies(session), link_rss: feedUrl, note },
    end: { outcome: 'completed', ...(feedUrl !== undefined && { feedUrl }) },
    instead: (reason) => failed(reason, 'Rejected'),
  };
}

function failed(reason: string, failure: FailureKind): PodcastReport {
  return { call: 'fail', body: { error_message: reason }, end: { outcome: 'failed', failure, reason } };
}
