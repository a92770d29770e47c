import { setTimeout as wait } from 'node:timers/promises';
import type { ImapFlow } from 'imapflow';
import type { MailServer } from '../../config/sites-file.ts';
import type { MailMark, MailProof, MailRequest } from '../../contracts/mail.ts';
import { MailboxDown } from './errors.ts';
import { withInbox } from './inbox.ts';
import type { MailLogin } from './login.ts';
import { look, type Seen } from './look.ts';

/** The pauses between two looks, whatever IDLE says, since its notifications can get lost. The last one repeats. */
const firstPollsMs = [1_000, 2_000, 5_000];
const laterPollMs = 10_000;
const firstReconnectMs = 1_000;
const lastReconnectMs = 60_000;

function checkRequest(request: MailRequest): void {
  if (request.from.length === 0) throw new TypeError('a mail request must say in "from" who may be believed');
  if (request.kind === 'link' && !request.linkHosts?.length)
    throw new TypeError('a mail request for a link must say in "linkHosts" where it may lead');
  if (request.after?.trim() === '') throw new TypeError('"after" of a mail request must name a label');
  const { codeLength = 6 } = request;
  if (!Number.isInteger(codeLength) || codeLength < 3 || codeLength > 32)
    throw new TypeError('"codeLength" of a mail request must be from 3 to 32');
}

/** Where INBOX stands now. @throws MailboxRefused, MailboxDown */
export async function markMailbox(server: MailServer, login: MailLogin, signal: AbortSignal): Promise<MailMark> {
  return withInbox(server, login, signal, async ({ mailbox }) => {
    if (!mailbox || !mailbox.uidValidity || !mailbox.uidNext)
      throw new MailboxDown('the mail server tells no UIDVALIDITY or UIDNEXT');
    return { uidValidity: String(mailbox.uidValidity), uidNext: mailbox.uidNext, markedAt: Date.now() };
  });
}

/**
 * Looks once for what `request` describes among the mails that came after `mark`; the newest mail that holds exactly one
 * candidate wins.
 *
 * @throws MailboxRefused, MailboxDown; TypeError when the request can't be met by any mail
 */
export async function findMail(
  server: MailServer,
  login: MailLogin,
  mark: MailMark,
  request: MailRequest,
  signal: AbortSignal,
): Promise<MailProof | undefined> {
  checkRequest(request);
  return withInbox(server, login, signal, (client) =>
    look(client, mark, request, login.user, { uidValidity: '', uids: new Set() }),
  );
}

/** Resolves on news of mail, on the loss of the connection, or after `ms`. */
async function news(client: ImapFlow, ms: number): Promise<void> {
  const over = new AbortController();
  const listening = new Promise<void>((resolve) => {
    for (const event of ['exists', 'close']) {
      client.once(event, resolve);
      over.signal.addEventListener('abort', () => client.off(event, resolve));
    }
  });
  // Ended by the next command; a lost connection is noticed there, too.
  client.idle().catch(() => {});
  try {
    await Promise.race([listening, wait(ms, undefined, { signal: over.signal })]);
  } finally {
    over.abort();
  }
}

/**
 * Waits for what `request` describes, for as long as `signal` lets it: listens (IDLE), looks again every few seconds, and
 * connects again with growing waits when the server is down.
 *
 * @throws MailboxRefused; the signal's reason; TypeError when the request can't be met by any mail
 */
export async function awaitMail(
  server: MailServer,
  login: MailLogin,
  mark: MailMark,
  request: MailRequest,
  signal: AbortSignal,
): Promise<MailProof> {
  checkRequest(request);
  const seen: Seen = { uidValidity: '', uids: new Set() };
  let reconnectMs = firstReconnectMs;
  for (;;) {
    try {
      return await withInbox(server, login, signal, async (client) => {
        for (let looks = 0; ; looks += 1) {
          const proof = await look(client, mark, request, login.user, seen);
          if (proof) return proof;
          // A server that drops each connection after the first look must not be called every second.
          if (looks > 0) reconnectMs = firstReconnectMs;
          await news(client, firstPollsMs[looks] ?? laterPollMs);
        }
      });
    } catch (error) {
      if (!(error instanceof MailboxDown)) throw error;
    }
    await wait(reconnectMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    reconnectMs = Math.min(reconnectMs * 2, lastReconnectMs);
  }
}
