import { ImapFlow } from 'imapflow';
import type { MailServer } from '../../config/sites-file.ts';
import { raceAbort } from '../race-abort.ts';
import { MailboxDown, MailboxRefused } from './errors.ts';
import type { MailLogin } from './login.ts';

/** RFC 5530: a refused sign-in that may be accepted later. */
const passingCodes = new Set(['UNAVAILABLE', 'INUSE', 'LIMIT', 'SERVERBUG']);
/** RFC 5530: the codes that are safe and useful to show. */
const tellingCodes = new Set([
  'AUTHENTICATIONFAILED',
  'AUTHORIZATIONFAILED',
  'EXPIRED',
  'PRIVACYREQUIRED',
  'CONTACTADMIN',
  'ALERT',
  ...passingCodes,
]);

/** What imapflow's errors have besides their message, which is never passed on, since it may quote the server. */
interface ImapError extends Error {
  code?: string;
  authenticationFailed?: boolean;
  responseStatus?: string;
  serverResponseCode?: string;
  response?: unknown;
}

function explain(error: ImapError, server: MailServer): MailboxRefused | MailboxDown {
  const where = `mail server ${server.host}:${server.port}`;
  const code = error.serverResponseCode?.toUpperCase() ?? '';
  const reason = tellingCodes.has(code) ? ` (${code})` : '';
  // imapflow marks every error during the sign-in as failed authentication, a lost connection too.
  if (error.authenticationFailed && error.responseStatus === 'NO') {
    const passing = passingCodes.has(code) || /too many|try again|temporar/i.test(String(error.response));
    if (!passing) return new MailboxRefused(`${where} refused the account's sign-in${reason}`);
  }
  if (error.authenticationFailed && error.responseStatus === undefined && error.code === undefined) {
    return new MailboxDown(`${where} offers no sign-in by password on this connection`);
  }
  return new MailboxDown(`${where}: ${error.code ?? error.responseStatus ?? 'connection lost'}${reason}`);
}

/**
 * Opens INBOX read-only, so that nothing is marked as seen, runs `use`, and closes the connection whatever happens.
 *
 * @throws MailboxRefused, MailboxDown; the signal's reason at once when it is aborted; what `use` throws of its own
 */
export async function withInbox<T>(
  server: MailServer,
  login: MailLogin,
  signal: AbortSignal,
  use: (client: ImapFlow) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  if (login.pass === '') throw new MailboxRefused('the account has neither app_password nor pass_mail');
  const client = new ImapFlow({
    host: server.host,
    port: server.port,
    secure: server.tls,
    auth: login,
    clientInfo: { name: 'enlist', vendor: false, version: false, 'support-url': false },
    logger: false,
    disableAutoIdle: true,
    connectionTimeout: 15_000,
    greetingTimeout: 15_000,
    socketTimeout: 30_000,
    maxLineLength: 1024 * 1024,
    maxLiteralSize: 4 * 1024 * 1024,
    maxResponseSize: 8 * 1024 * 1024,
  });
  // The command under way is rejected by itself; without a listener the event would end the process.
  client.on('error', () => {});

  const work = async (): Promise<T> => {
    try {
      await client.connect();
      await client.mailboxOpen('INBOX', { readOnly: true });
    } catch (error) {
      throw explain(error as ImapError, server);
    }
    try {
      return await use(client);
    } catch (error) {
      const { code, responseStatus } = error as ImapError;
      throw code === undefined && responseStatus === undefined ? error : explain(error as ImapError, server);
    }
  };
  // A connection that is still being made would not notice that it is closed: hence the race.
  try {
    return await raceAbort(work(), signal);
  } finally {
    client.close();
  }
}
