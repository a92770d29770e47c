import { cancellationSignal } from '@temporalio/activity';
import type { Sites } from '../config/sites-file.ts';
import type { MailMark, MailProof, MailRequest } from '../contracts/mail.ts';
import type { MailboxMark, MailTask } from '../contracts/step-results.ts';
import { MailboxDown, MailboxRefused } from '../services/mailbox/errors.ts';
import { mailLogin, mailServerFor } from '../services/mailbox/login.ts';
import { awaitMail, findMail, markMailbox } from '../services/mailbox/mailbox.ts';
import { makeFailure } from './failure.ts';
import { withinLimits } from './within-limits.ts';

function toFailure(error: unknown): unknown {
  if (cancellationSignal().aborted) return error;
  if (error instanceof MailboxRefused) return makeFailure('MailboxRefused', error.message);
  if (error instanceof MailboxDown) return makeFailure('MailboxDown', error.message);
  return error;
}

export function createMailActivities({ sites }: { sites: Sites }) {
  const open = async (task: MailTask) => {
    const server = mailServerFor(await sites.read(), task.email);
    if (!server)
      throw new MailboxRefused(`no mail server is set for ${task.email.split('@')[1] ?? 'this address'} in SITES_FILE`);
    return { server, login: mailLogin(task) };
  };

  return {
    /** Notes where the mailbox stands before a form is sent, so that only later mails count. */
    async markMailbox(task: MailTask): Promise<MailboxMark> {
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
          return await awaitMail(server, login, mark, request, signal);
        } catch (error) {
          if (!isOverdue()) throw toFailure(error);
          const wanted = request.subject ? `"${request.subject}"` : `from ${request.from.join(' or ')}`;
          throw makeFailure('MailMissing', `no mail ${wanted} came in time`);
        }
      });
    },
  };
}

export type MailActivities = ReturnType<typeof createMailActivities>;
