import { log } from '@temporalio/activity';
import type { EntityTask } from '../contracts/entity.ts';
import type { MailProof } from '../contracts/mail.ts';
import type { PodcastTask } from '../contracts/podcast.ts';
import type { SocialTask } from '../contracts/social.ts';
import type { Session, StepTask } from '../contracts/step-results.ts';
import { createBrowserSteps } from '../services/browser/browser-steps.ts';
import type { BrowserOptions } from '../services/browser/run-step.ts';
import { StepFailed } from '../services/browser/step-failure.ts';
import type { StepLimits } from '../services/limit-time.ts';
import { readStepFailure } from './failure.ts';
import { withinLimits } from './within-limits.ts';

/** @throws ApplicationFailure of the step's kind, CancelledFailure */
function run<Result>(step: (limits: StepLimits) => Promise<Result>): Promise<Result> {
  return withinLimits((limits) =>
    step(limits).catch((error: unknown) => {
      throw error instanceof StepFailed ? readStepFailure(error) : error;
    }),
  );
}

/** The browser steps, each with heartbeats and a deadline, its failures typed for Temporal. */
export function createBrowserActivities(options: BrowserOptions & { assetsAllow: string[] }) {
  const steps = createBrowserSteps({ ...options, log });
  return {
    createAccount: (task: StepTask) => run((limits) => steps.createAccount(limits, task)),
    lookFor: (task: StepTask) => run((limits) => steps.lookFor(limits, task)),
    confirmEmail: (task: StepTask, session: Session | undefined, proof: MailProof) =>
      run((limits) => steps.confirmEmail(limits, task, session, proof)),
    updateProfile: (task: SocialTask, session: Session | undefined) =>
      run((limits) => steps.updateProfile(limits, task, session)),
    signIn: (task: StepTask) => run((limits) => steps.signIn(limits, task)),
    answerSignIn: (task: StepTask, session: Session | undefined, proof: MailProof) =>
      run((limits) => steps.answerSignIn(limits, task, session, proof)),
    addLinks: (task: EntityTask, session: Session | undefined) =>
      run((limits) => steps.addLinks(limits, task, session)),
    makeShow: (task: PodcastTask, session: Session | undefined) =>
      run((limits) => steps.makeShow(limits, task, session)),
    importFeed: (task: PodcastTask, session: Session | undefined) =>
      run((limits) => steps.importFeed(limits, task, session)),
    confirmImport: (task: PodcastTask, session: Session | undefined, proof: MailProof) =>
      run((limits) => steps.confirmImport(limits, task, session, proof)),
  };
}

export type BrowserActivities = ReturnType<typeof createBrowserActivities>;
