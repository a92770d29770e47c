import type { SitesFile } from '../../config/sites-file.ts';
import type { MailMark, MailProof, MailRequest } from '../../contracts/mail.ts';
import { MailboxDown, MailboxRefused } from '../../services/mailbox/errors.ts';
import { mailLogin, mailServerFor } from '../../services/mailbox/login.ts';
import { awaitMail, markMailbox } from '../../services/mailbox/mailbox.ts';
import { CommandError } from '../command.ts';
import type { AccountFile } from './account-file.ts';

const markTimeoutMs = 20_000;

/** Where the mailbox stands; undefined, with a warning, when it can't be read: then `--proof` answers the mail. */
export async function noteMailbox(sites: SitesFile, given: AccountFile): Promise<MailMark | undefined> {
  const server = mailServerFor(sites, given.email);
  if (!server || !(given.app_password || given.pass_mail)) return undefined;
  try {
    return await markMailbox(server, mailLogin(given), AbortSignal.timeout(markTimeoutMs));
  } catch (error) {
    process.stderr.write(
      `warning: the mailbox can't be read (${(error as Error).message}); a mail would have to be answered by --proof\n`,
    );
    return undefined;
  }
}

/** Waits for a mail that came after the mark. @throws CommandError */
export async function awaitProof(
  sites: SitesFile,
  given: AccountFile,
  mark: MailMark | undefined,
  request: MailRequest,
  waitMs: number,
): Promise<MailProof> {
  const server = mailServerFor(sites, given.email);
  if (!server)
    throw new CommandError(
      `no mail server is set for ${given.email} in SITES_FILE: add it under mail, or give the link or code by --proof`,
    );
  if (!mark)
    throw new CommandError(
      'the mailbox could not be read before the step that asked for the mail: give the link or code by --proof',
    );
  const signal = AbortSignal.timeout(waitMs);
  try {
    return await awaitMail(server, mailLogin(given), mark, request, signal);
  } catch (error) {
    if (signal.aborted)
      throw new CommandError(
        `no mail with a ${request.kind} came from ${request.from.join(' or ')} in ${waitMs / 1_000} s`,
      );
    if (error instanceof MailboxRefused || error instanceof MailboxDown) throw new CommandError(error.message);
    throw error;
  }
}
