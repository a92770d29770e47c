import type { FetchMessageObject, ImapFlow } from 'imapflow';
import PostalMime, { type Email } from 'postal-mime';
import type { MailMark, MailProof, MailRequest } from '../../contracts/mail.ts';
import { MailboxDown } from './errors.ts';
import { findCode } from './find-code.ts';
import { findLink } from './find-link.ts';
import { isOurs } from './match-mail.ts';

const largestMail = 1024 * 1024;
/** A flooded mailbox is read in portions, the newest first. */
const mostAtOnce = 50;
const headers = ['from', 'subject', 'date', 'to', 'delivered-to', 'x-original-to'];
/** How far the clocks of worker, sender and mail server may differ. */
const clockSkewMs = 2 * 60_000;
const dayMs = 24 * 60 * 60_000;

/** The mails that were looked at already and brought nothing; the UIDs are of one UIDVALIDITY. */
export interface Seen {
  uidValidity: string;
  uids: Set<number>;
}

function parse(source: Buffer | string): Promise<Email> {
  // A mail that is attached to another one, such as a bounce's, is not from the outer one's sender.
  return PostalMime.parse(source, { forceRfc822Attachments: true, maxNestingDepth: 32, maxHeadersSize: largestMail });
}

/** A mail that can't be parsed does not affect the others. */
async function parseOrSkip(source: Buffer | string): Promise<Email | undefined> {
  try {
    return await parse(source);
  } catch {
    return undefined;
  }
}

/**
 * In a recreated mailbox UIDs mean nothing: then a mail counts when its arrival and its own date are both after the
 * mark.
 */
function isAfter(mark: MailMark, arrived: Date | string | undefined, dated: string | undefined): boolean {
  const since = mark.markedAt - clockSkewMs;
  const isEarlier = (date: Date | string | undefined) => date !== undefined && new Date(date).getTime() < since;
  return !isEarlier(arrived) && !isEarlier(dated);
}

async function readProof(client: ImapFlow, uid: number, request: MailRequest): Promise<MailProof | undefined> {
  const message = await client.fetchOne(
    String(uid),
    { uid: true, source: { start: 0, maxLength: largestMail } },
    { uid: true },
  );
  if (!message || !message.source) return undefined;
  const mail = await parseOrSkip(message.source);
  if (!mail) return undefined;
  const content = { subject: mail.subject ?? '', text: mail.text ?? '', html: mail.html ?? '' };
  const value = request.kind === 'link' ? findLink(content, request) : findCode(content, request);
  return value === undefined ? undefined : { kind: request.kind, value };
}

/**
 * Looks through the mails that came after the mark, and that `seen` doesn't hold, the newest first.
 *
 * @throws MailboxDown, and imapflow's own errors when the connection is lost
 */
export async function look(
  client: ImapFlow,
  mark: MailMark,
  request: MailRequest,
  user: string,
  seen: Seen,
): Promise<MailProof | undefined> {
  // A server may tell of new mail only in answer to a command.
  await client.noop();
  if (!client.mailbox) throw new MailboxDown('the mail server closed the mailbox');
  const uidValidity = String(client.mailbox.uidValidity);
  const sameUids = uidValidity === mark.uidValidity;
  if (seen.uidValidity !== uidValidity) Object.assign(seen, { uidValidity, uids: new Set() });

  const since = sameUids ? { uid: `${mark.uidNext}:*` } : { since: new Date(mark.markedAt - dayMs) };
  const uids = await client.search({ ...since, smaller: largestMail }, { uid: true });
  if (!Array.isArray(uids)) throw new MailboxDown('the mail server refused to search');
  // `n:*` always holds the newest mail, even one before n (RFC 9051 section 6.4.8).
  const fresh = uids.filter((uid) => (!sameUids || uid >= mark.uidNext) && !seen.uids.has(uid)).slice(-mostAtOnce);
  if (fresh.length === 0) return undefined;

  const messages: FetchMessageObject[] = await client.fetchAll(
    fresh.join(','),
    { uid: true, internalDate: true, headers },
    { uid: true },
  );
  for (const message of messages.sort((a, b) => b.uid - a.uid)) {
    const proof = await readIfOurs(message);
    if (proof) return proof;
    seen.uids.add(message.uid);
  }
  return undefined;

  async function readIfOurs(message: FetchMessageObject): Promise<MailProof | undefined> {
    const mail = message.headers && (await parseOrSkip(message.headers));
    if (!mail || !isOurs(mail, request, user)) return undefined;
    if (!sameUids && !isAfter(mark, message.internalDate, mail.date)) return undefined;
    return readProof(client, message.uid, request);
  }
}
