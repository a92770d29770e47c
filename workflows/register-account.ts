import { setCurrentDetails } from '@temporalio/workflow';
import type { FailureKind, Made, RegisterOutcome } from '../contracts/outcomes.ts';
import type { CompleteRegister } from '../contracts/social.ts';
import { fail, readFailure } from './failures.ts';
import { lookTwice, makeAccount, type Registration } from './make-account.ts';
import { awaitMail, confirmEmail, markMailbox, siteSteps, updateProfile } from './steps.ts';
import type { Report } from './work-task.ts';

type RegisterReport = Report<RegisterOutcome>;

/** Makes the account, confirms it, furnishes its profile. @throws whatever ended a step; `registration` tells how far it came */
export async function registerAccount(registration: Registration): Promise<RegisterReport> {
  const { task, site } = registration;
  setCurrentDetails('making the account');
  registration.marked = await markMailbox(task);
  registration.made = await makeAccount(registration);
  if (registration.made.awaiting) registration.made = await confirm(registration, registration.made);
  registration.usable = true;

  setCurrentDetails('furnishing the profile');
  const { session } = registration.made;
  const profile = await site.run(siteSteps.updateProfile, () => updateProfile(task, session));
  if (profile.problems.length > 0) return profileFailed(profile.problems.join('; '), 'Rejected', profile.profileUrl);
  const { email, username, password } = task;
  const { profileUrl } = profile;
  const body: CompleteRegister = {
    email,
    username,
    password,
    cookie: writeCookies(profile.session ?? session),
    link_profile: profileUrl,
    note: 'account made, profile furnished',
  };
  return {
    call: 'complete',
    body,
    end: { outcome: 'completed', profileUrl },
    instead: (reason) => profileFailed(reason, 'Rejected', profileUrl),
  };
}

async function confirm({ task, site, marked }: Registration, made: Made): Promise<Made> {
  setCurrentDetails('waiting for the confirmation mail');
  if (!('mark' in marked)) throw fail('MailboxRefused', marked.unreadable);
  const proof = await awaitMail(task, marked.mark, made.awaiting!);
  setCurrentDetails('confirming the e-mail address');
  const confirmed = await site.run(siteSteps.confirmEmail, () => confirmEmail(task, made.session, proof));
  return { ...confirmed, profileUrl: confirmed.profileUrl ?? made.profileUrl, awaiting: undefined };
}

/**
 * Decides what to report of a register phase that did not come to its end, after a look at the site where the account
 * may exist (contract section 2).
 */
export async function judgeFailure(error: unknown, registration: Registration, overdue: boolean): Promise<RegisterReport> {
  const told = readFailure(error);
  const kind = overdue ? 'Overdue' : told.kind;
  const reason = overdue ? "the task's time was over" : told.reason;
  if (!registration.made && registration.maybeMade && kind !== 'OutcomeUnknown') {
    setCurrentDetails('looking whether the account was made');
    const seen = await lookTwice(registration).catch(() => ({ state: 'unknown' as const }));
    if (seen.state === 'unknown') return registerFailed(`outcome unknown: ${reason}`, 'OutcomeUnknown');
    if (seen.state === 'made') {
      registration.made = seen.made;
      registration.usable = seen.made.awaiting === undefined;
    }
  }
  const profileUrl = registration.made?.profileUrl;
  if (kind === 'OutcomeUnknown') return registerFailed(`outcome unknown: ${reason}`, kind);
  if (!registration.made) return registerFailed(reason, kind);
  if (!registration.usable) return registerFailed(`unconfirmed: ${reason}`, kind, profileUrl);
  return profileFailed(reason, kind, profileUrl);
}

function registerFailed(reason: string, failure: FailureKind, profileUrl?: string): RegisterReport {
  return {
    call: 'fail',
    body: { status: 'register_failed', error_message: reason, link_profile: profileUrl },
    end: { outcome: 'register_failed', failure, reason, profileUrl },
  };
}

function profileFailed(reason: string, failure: FailureKind, profileUrl?: string): RegisterReport {
  return {
    call: 'fail',
    body: { status: 'profile_failed', error_message: reason, link_profile: profileUrl },
    end: { outcome: 'profile_failed', failure, reason, profileUrl },
  };
}

/** The session's cookies as a `Cookie` header writes them. */
function writeCookies(session: string | undefined): string {
  if (session === undefined) return '';
  const { cookies } = JSON.parse(session) as { cookies: { name: string; value: string }[] };
  return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}
