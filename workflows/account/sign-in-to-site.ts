import { setCurrentDetails } from '@temporalio/workflow';
import type { MailboxMark, Session, StepTask } from '../../contracts/steps.ts';
import { fail } from '../failures.ts';
import type { AtSite } from '../pace/at-site.ts';
import { answerSignIn, awaitMail, markMailbox, signIn, siteSteps } from '../steps.ts';

/** Signs in to an account that is there, with the code that the site sends by mail when it asks for one. */
export async function signInToSite(task: StepTask, site: AtSite): Promise<Session | undefined> {
  setCurrentDetails('signing in');
  let marked: MailboxMark | undefined;
  const mark = async () => {
    // Each try may send a code, and only the last one's counts.
    marked = await markMailbox(task);
  };
  const signedIn = await site.run(siteSteps.signIn, () => signIn(task), mark);
  if (!signedIn.awaiting) return signedIn.session;

  setCurrentDetails("waiting for the sign-in's mail");
  if (!marked || !('mark' in marked))
    throw fail('MailboxRefused', marked?.unreadable ?? 'the mailbox was not marked before the step');
  const proof = await awaitMail(task, marked.mark, signedIn.awaiting);
  const answered = await site.run(siteSteps.answerSignIn, () => answerSignIn(task, signedIn.session, proof));
  return answered.session;
}
