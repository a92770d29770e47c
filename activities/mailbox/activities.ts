import { ApplicationFailure, cancellationSignal } from '@temporalio/activity';
import type { MailMark, MailProof, MailRequest } from '../../contracts/mail.ts';
import type { FailureKind } from '../../contracts/outcomes.ts';
import type { SocialTask } from '../../contracts/social.ts';
import type { Sites } from '../../sites/sites-file.ts';
import { withinLimits } from '../step-limits.ts';
import { MailboxDown, MailboxRefused } from './errors.ts';
import { mailLogin, mailServerFor } from './login.ts';
import { awaitMail, findMail, markMailbox } from './mailbox.ts';

/** What the mailbox of a task needs: its address and how to open it. */
export type MailTask = Pick<SocialTask, 'email' | 'app_password' | 'pass_mail'>;

/** Where the mailbox stood, or why it can't be read; that is no failure before a site asks for a mail. */
export type Marked = { mark: MailMark } | { unreadable: string };

function toFailure(error: unknown): unknown {
  const fail = (type: FailureKind) => ApplicationFailure.create({ type, message: (error as Error).message, category: 'BENIGN' });
  if (cancellationSignal().aborted) return error;
  if (error instanceof MailboxRefused) return fail('MailboxRefused');
  if (error instanceof MailboxDown) return fail('MailboxDown');
  return error;
}

export function createMailActivities({ sites }: { sites: Sites }) {
  const open = async (task: MailTask) => {
    const server = mailServerFor(await sites.read(), task.email);
    if (!server) throw new MailboxRefused(`no mail server is set for ${task.email.split('@')[1] ?? 'this address'} in SITES_FILE`);
    return { server, login: mailLogin(task) };
  };

  return {
    /** Notes where the mailbox stands before a form is sent, so that only later mails count. */
    async markMailbox(task: MailTask): Promise<Marked> {
      return withinLimits(async ({ signal }) => {
        try {
          const { server, login } = await open(task);
          return { mark: await markMailbox(server, login, signal) };
        } catch (error) {
          if (error instanceof MailboxRefused) return { unreadable: error.message };
          throw toFailure(error);
        }
      });
    },

    /** Looks once for a mail that came after the mark. */
    async findMail(task: MailTask, mark: MailMark, request: MailRequest): Promise<MailProof | undefined> {
      return withinLimits(async ({ signal }) => {
        try {
          const { server, login } = await open(task);
          return await findMail(server, login, mark, request, signal);
        } catch (error) {
          throw toFailure(error);
        }
      });
    },

    /** Waits for a mail that came after the mark, until the step's time is over. */
    async awaitMail(task: MailTask, mark: MailMark, request: MailRequest): Promise<MailProof> {
      return withinLimits(async ({ signal, isOverdue }) => {
        try {
          const { server, login } = await open(task);
          return await awaitMail(server, login, mark, request, { signal, onTick: () => {} });
        } catch (error) {
          if (!isOverdue()) throw toFailure(error);
          const wanted = request.subject ? `"${request.subject}"` : `from ${request.from.join(' or ')}`;
          throw ApplicationFailure.create({ type: 'MailMissing' satisfies FailureKind, message: `no mail ${wanted} came in time`, category: 'BENIGN' });
        }
      });
    },
  };
}

export type MailActivities = ReturnType<typeof createMailActivities>;
