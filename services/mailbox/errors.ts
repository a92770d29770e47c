/**
 * The mail server refused the account's address and password: waiting changes nothing. The message contains neither.
 */
export class MailboxRefused extends Error {
  override readonly name = 'MailboxRefused';
}

/** The mail server can't be reached, broke off, or answers nonsense: transient. */
export class MailboxDown extends Error {
  override readonly name = 'MailboxDown';
}
