import { setCurrentDetails } from '@temporalio/workflow';
import type { MailRequest } from '../../contracts/mail.ts';
import type { AccountResult, FailureKind, MailboxMark, StepTask } from '../../contracts/step-results.ts';
import { fail, readFailure } from '../failures.ts';
import { AtSite } from '../pace/at-site.ts';
import { awaitMail, confirmEmail, markMailbox, siteSteps, taskTime } from '../steps.ts';
import { createAccountOnce, look, lookTwice, type Registration } from './create-account-once.ts';
import { accountFields, mailFields } from './task-fields.ts';

/** A task's account before any step; of an adopted task nothing is known yet. */
export function newRegistration(task: StepTask, adopted: boolean): Registration {
  return {
    task: accountFields(task),
    site: new AtSite(task),
    marked: { unreadable: 'the mailbox was not looked at' },
    maybeMade: adopted,
    maybeConfirmed: false,
    usable: false,
  };
}

/** Makes the account and confirms it. @throws whatever ended a step; `registration` tells how far it came */
export async function createAndConfirmAccount(registration: Registration): Promise<AccountResult> {
  if (registration.maybeMade) registration.made = await findEarlier(registration);
  if (!registration.made) {
    setCurrentDetails('making the account');
    registration.marked = await markMailbox(mailFields(registration.task));
    registration.made = await createAccountOnce(registration);
    if (registration.made.found) registration.marked = markEarlier(registration.marked);
  }
  const { awaiting } = registration.made;
  if (awaiting) registration.made = await confirm(registration, registration.made, awaiting);
  registration.usable = true;
  return registration.made;
}

/**
 * Looks for the account that the task's earlier workflow may have made, or may still be making. Undefined when it is
 * absent.
 */
async function findEarlier(registration: Registration): Promise<AccountResult | undefined> {
  setCurrentDetails('looking whether the account was made');
  registration.marked = markEarlier(await markMailbox(mailFields(registration.task)));
  const seen = await lookTwice(registration);
  if (seen.state === 'made') return seen.made;
  if (seen.state === 'unknown') {
    throw fail(
      'OutcomeUnknown',
      "the task's earlier workflow closed without a report; the site does not show whether it made the account",
    );
  }
  registration.maybeMade = false;
  return undefined;
}

/**
 * Nobody noted where the mailbox stood before the account was made, so every mail counts that is younger than a task
 * can be.
 */
function markEarlier(marked: MailboxMark): MailboxMark {
  return 'mark' in marked ? { mark: { ...marked.mark, uidValidity: '', markedAt: Date.now() - taskTime } } : marked;
}

async function confirm(registration: Registration, made: AccountResult, awaiting: MailRequest): Promise<AccountResult> {
  const { task, site, marked } = registration;
  setCurrentDetails('waiting for the confirmation mail');
  if (!('mark' in marked)) throw fail('MailboxRefused', marked.unreadable);
  const proof = await awaitMail(mailFields(task), marked.mark, awaiting);
  setCurrentDetails('confirming the e-mail address');
  registration.maybeConfirmed = true;
  const { awaiting: _, ...confirmed } = await site.run(siteSteps.confirmEmail, () =>
    confirmEmail(task, made.session, proof),
  );
  const profileUrl = confirmed.profileUrl ?? made.profileUrl;
  return { ...confirmed, ...(profileUrl !== undefined && { profileUrl }) };
}

/** How far the account of a task came that did not come to its end, and why it did not. */
export interface AccountAssessment {
  state: 'unknown' | 'absent' | 'unconfirmed' | 'usable';
  kind: FailureKind;
  /** As it is reported (docs/api-contract.md#social-outcomes). */
  reason: string;
  profileUrl?: string | undefined;
}

/** Tells how far a task came that did not come to its end, after a look at the site where its account may exist. */
export async function assessAccount(
  error: unknown,
  registration: Registration,
  overdue: boolean,
): Promise<AccountAssessment> {
  const failure = readFailure(error);
  const kind = overdue ? 'Overdue' : failure.kind;
  const reason = overdue ? "the task's time was over" : failure.reason;
  // Only the report is left to do.
  registration.site.handoff.end();
  if (!registration.made && registration.maybeMade && kind !== 'OutcomeUnknown') {
    setCurrentDetails('looking whether the account was made');
    const seen = await lookTwice(registration).catch(() => ({ state: 'unknown' as const }));
    if (seen.state === 'unknown')
      return { state: 'unknown', kind: 'OutcomeUnknown', reason: `outcome unknown: ${reason}` };
    if (seen.state === 'made') {
      registration.made = seen.made;
      registration.usable = seen.made.awaiting === undefined;
    }
  }
  if (registration.made && !registration.usable && registration.maybeConfirmed) {
    setCurrentDetails('looking whether the account was confirmed');
    const seen = await look(registration).catch(() => undefined);
    registration.usable = seen?.state === 'made' && seen.made.awaiting === undefined;
  }
  const profileUrl = registration.site.handoff.link ?? registration.made?.profileUrl;
  if (kind === 'OutcomeUnknown') return { state: 'unknown', kind, reason: `outcome unknown: ${reason}` };
  if (!registration.made) return { state: 'absent', kind, reason };
  if (!registration.usable) return { state: 'unconfirmed', kind, reason: `unconfirmed: ${reason}`, profileUrl };
  return { state: 'usable', kind, reason, profileUrl };
}
