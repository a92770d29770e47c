import { setCurrentDetails } from '@temporalio/workflow';
import { flows } from '../../contracts/flows.ts';
import type { LeftTask, RegisterOutcome } from '../../contracts/outcomes.ts';
import type { CompleteRegister, SocialTask } from '../../contracts/social.ts';
import type { FailureKind } from '../../contracts/step-results.ts';
import { manager, siteSteps, updateProfile } from '../steps.ts';
import { type Report, workTask } from '../work-task.ts';
import type { Registration } from './create-account-once.ts';
import { assessAccount, createAndConfirmAccount, newRegistration } from './create-and-confirm-account.ts';
import { writeCookies } from './session-cookies.ts';

type RegisterReport = Report<RegisterOutcome>;

/**
 * The register phase of a flow: `register` → `registering` → exactly one report (docs/api-contract.md#social). An
 * adopted task is `registering` already.
 */
export function runRegisterPhase(
  flow: 'social' | 'entity',
  taskId: string,
  adopted: boolean,
): Promise<RegisterOutcome | LeftTask> {
  const { working } = flows[flow].phases.register;
  return workTask<SocialTask, RegisterOutcome>({
    flow,
    taskId,
    waiting: 'register',
    working,
    started: adopted,
    read: () => manager.readTask(flow, taskId, adopted ? working : 'register'),
    begin: (task) => {
      const registration = newRegistration(task, adopted);
      return {
        run: () => createAndFurnishAccount(task, registration),
        reportFailure: (error, overdue) => reportFailedRegistration(error, registration, overdue),
      };
    },
  });
}

/** Creates the account, confirms it, furnishes its profile. @throws whatever ended a step; `registration` tells how far it came */
async function createAndFurnishAccount(task: SocialTask, registration: Registration): Promise<RegisterReport> {
  const { site } = registration;
  const { session } = await createAndConfirmAccount(registration);
  setCurrentDetails('furnishing the profile');
  const profile = await site.run(siteSteps.updateProfile, () => updateProfile(task, session));
  const profileUrl = site.handoff.link ?? profile.profileUrl;
  if (profile.problems.length > 0) return profileFailed(profile.problems.join('; '), 'Rejected', profileUrl);
  const { email, username, password } = task;
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

/** Decides what to report of a register phase that did not come to its end (docs/api-contract.md#social-fail). */
async function reportFailedRegistration(
  error: unknown,
  registration: Registration,
  overdue: boolean,
): Promise<RegisterReport> {
  const { state, kind, reason, profileUrl } = await assessAccount(error, registration, overdue);
  return state === 'usable' ? profileFailed(reason, kind, profileUrl) : registerFailed(reason, kind, profileUrl);
}

function registerFailed(reason: string, failure: FailureKind, profileUrl?: string): RegisterReport {
  return {
    call: 'fail',
    body: { status: 'register_failed', error_message: reason, link_profile: profileUrl },
    end: { outcome: 'register_failed', failure, reason, ...(profileUrl !== undefined && { profileUrl }) },
  };
}

function profileFailed(reason: string, failure: FailureKind, profileUrl?: string): RegisterReport {
  return {
    call: 'fail',
    body: { status: 'profile_failed', error_message: reason, link_profile: profileUrl },
    end: { outcome: 'profile_failed', failure, reason, ...(profileUrl !== undefined && { profileUrl }) },
  };
}
