import { setCurrentDetails } from '@temporalio/workflow';
import type { MailboxMark, Session, StepTask } from '../../contracts/step-results.ts';
import { fail } from '../failures.ts';
import type { AtSite } from '../pace/at-site.ts';
import { answerSignIn, awaitMail, markMailbox, signIn, siteSteps } from '../steps.ts';
import { accountFields, mailFields } from './task-fields.ts';

/** Signs in to an existing account, with a mailed code when the site asks for one. */
export async function signInToSite(task: StepTask, site: AtSite): Promise<Session | undefined> {
  setCurrentDetails('signing in');
  let marked = { unreadable: 'the mailbox was not looked at' } as MailboxMark;
  const mark = async () => {
    // Each try may send a code, and only the last one's counts.
    marked = await markMailbox(mailFields(task));
  };
  const signedIn = await site.run(siteSteps.signIn, () => signIn(accountFields(task)), mark);
  if (!signedIn.awaiting) return signedIn.session;

  setCurrentDetails("waiting for the sign-in's mail");
  if (!('mark' in marked)) throw fail('MailboxRefused', marked.unreadable);
  const proof = await awaitMail(mailFields(task), marked.mark, signedIn.awaiting);
  const answered = await site.run(siteSteps.answerSignIn, () =>
    answerSignIn(accountFields(task), signedIn.session, proof),
  );
  return answered.session;
}
