import { addressParser, type Email } from 'postal-mime';
import type { MailRequest } from '../../contracts/mail.ts';

/** The addresses of every header of that name, in lower case. */
function addressesOf(mail: Email, header: string): string[] {
  return mail.headers
    .filter((entry) => entry.key === header)
    .flatMap((entry) => addressParser(entry.value, { flatten: true }))
    .flatMap((mailbox) => (mailbox.address?.includes('@') ? [mailbox.address.toLowerCase()] : []));
}

function isSender(address: string, allowed: string): boolean {
  const wanted = allowed.toLowerCase();
  if (wanted.includes('@')) return address === wanted;
  const domain = address.slice(address.lastIndexOf('@') + 1).replace(/^\[(.*)\]$/, '$1');
  return domain === wanted || domain.endsWith(`.${wanted}`);
}

/**
 * Whether a mail, by its headers alone, may be the one that is waited for: one sender, whom the request believes; the
 * subject; and, where it names recipients at all, `user` among them, tag and all: a mailbox may be shared.
 */
export function isOurs(mail: Email, request: MailRequest, user: string): boolean {
  const [sender, ...others] = addressesOf(mail, 'from');
  if (sender === undefined || others.length > 0) return false;
  if (!request.from.some((allowed) => isSender(sender, allowed))) return false;
  if (request.subject !== undefined && !(mail.subject ?? '').toLowerCase().includes(request.subject.toLowerCase()))
    return false;
  const recipients = ['to', 'delivered-to', 'x-original-to'].flatMap((header) => addressesOf(mail, header));
  return recipients.length === 0 || recipients.includes(user.toLowerCase());
}
