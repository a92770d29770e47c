import { isCancellation, sleep } from '@temporalio/workflow';
import type { AccountResult, FailureKind, MailboxMark, StepTask } from '../../contracts/step-results.ts';
import { fail, type FailureInfo, readFailure } from '../failures.ts';
import { type AtSite, isNeverStarted } from '../pace/at-site.ts';
import { createAccount, createPause, createTries, findMail, lookFor, siteSteps } from '../steps.ts';
import { mailFields } from './task-fields.ts';

/** What is known of one task's account while it is made. */
export interface Registration {
  readonly task: StepTask;
  readonly site: AtSite;
  marked: MailboxMark;
  /** The form was sent, or may have been, and no look since then has shown that the account is absent. */
  maybeMade: boolean;
  made?: AccountResult | undefined;
  /** The mail was answered, or may have been. */
  maybeConfirmed: boolean;
  /** The account can be used: nothing is left to be confirmed. */
  usable: boolean;
}

/** The result of a look: the account is the task's, or absent, or it can't be told. */
type Look = { state: 'made'; made: AccountResult } | { state: 'absent' | 'unknown' };

/** The site's own answer, which is definite even after the form was sent. */
const definite: FailureKind[] = ['AlreadyExists', 'Rejected'];
/** The site answered the form, so a single look tells whether it made the account. */
const answered: FailureKind[] = ['Challenge'];
/** Transient failures, if nothing was sent. */
const passing: FailureKind[] = ['SiteDown', 'BrowserLost', 'StepTimeout'];

/** Looks for the account at the site, and for the site's mail in the mailbox. Changes nothing. */
export async function look({ task, site, marked }: Registration): Promise<Look> {
  const { state, awaiting, ...seen } = await site.run(siteSteps.lookFor, () => lookFor(task));
  if (state === 'ours') return { state: 'made', made: seen };
  const made: AccountResult = { ...seen, ...(awaiting && { awaiting }), found: true };
  if (state === 'unconfirmed') return { state: 'made', made };
  if (awaiting && 'mark' in marked && (await findMail(mailFields(task), marked.mark, awaiting)))
    return { state: 'made', made };
  return { state: state === 'absent' ? 'absent' : 'unknown' };
}

/**
 * Looks at once, then again when the attempt's time is over: a worker that only lost its connection may still make an
 * account that is absent now.
 */
export async function lookTwice(registration: Registration): Promise<Look> {
  const early = await look(registration);
  if (early.state === 'made') return early;
  await sleep(siteSteps.createAccount.time);
  return look(registration);
}

/**
 * Makes the account at most once. Unless an attempt ends with a definite answer, the form may have been sent: then the
 * site is checked, and only an account that is absent after the attempt's time allows another attempt.
 */
export async function createAccountOnce(registration: Registration): Promise<AccountResult> {
  const { task, site } = registration;
  for (let tried = 1; ; tried++) {
    let failure: FailureInfo;
    try {
      return await site.run(siteSteps.createAccount, async () => {
        registration.maybeMade = true;
        try {
          return await createAccount(task);
        } catch (error) {
          if (isNeverStarted(error)) registration.maybeMade = false;
          throw error;
        }
      });
    } catch (error) {
      failure = readFailure(error);
      if (!failure.submitted || definite.includes(failure.kind)) registration.maybeMade = false;
      if (failure.kind === 'Cancelled') throw error;
      if (site.handoff.isFor(failure)) return letPersonMake(registration, failure);
      if (!registration.maybeMade && !(passing.includes(failure.kind) && tried < createTries)) throw error;
    }

    if (registration.maybeMade) {
      const seen = await (answered.includes(failure.kind) ? look(registration) : lookTwice(registration));
      if (seen.state === 'made') return seen.made;
      if (seen.state === 'unknown') {
        throw fail('OutcomeUnknown', `${failure.reason}; the site does not show whether the account was made`);
      }
      registration.maybeMade = false;
      if (!passing.includes(failure.kind) || tried === createTries)
        throw fail(failure.kind, `${failure.reason}; the account was not made`);
    }
    await sleep(createPause * tried);
  }
}

/**
 * A person makes the account, or finds that it exists. Whatever they answer, only a look at the site tells whether it
 * exists; the form is not sent again.
 */
async function letPersonMake(registration: Registration, failure: FailureInfo): Promise<AccountResult> {
  const { site, maybeMade } = registration;
  if (maybeMade) {
    const early = await look(registration);
    if (early.state === 'made') return early.made;
  }
  // From here on a person may make it at any time without saying so.
  registration.maybeMade = true;
  const refusal = await site.handoff.wait(siteSteps.createAccount, failure);
  const looking = maybeMade && !answered.includes(failure.kind) ? lookTwice(registration) : look(registration);
  const seen = await looking.catch((error: unknown) => {
    if (isCancellation(error)) throw error;
    return { state: 'unknown' as const, why: readFailure(error).reason };
  });
  if (seen.state === 'made') return seen.made;
  const story = `${failure.reason}; ${refusal === undefined ? 'a person said that it was done, but' : `${refusal}, and`}`;
  if (seen.state === 'unknown') {
    throw fail(
      'OutcomeUnknown',
      `${story} the site does not show whether the account was made${'why' in seen ? ` (${seen.why})` : ''}`,
    );
  }
  registration.maybeMade = false;
  throw fail(failure.kind, `${story} the account is not there`);
}
