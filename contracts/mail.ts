/** What a recipe waits for in the account's mailbox. Plain data, since it travels from the browser step to the mail step. */
export interface MailRequest {
  kind: 'link' | 'code';
  /** Trusted senders: whole addresses, or domains (`wiki.example` also allows its subdomains). */
  from: string[];
  /** Only mails whose subject contains this text, whatever its case. */
  subject?: string;
  /** `link` only: hosts (with their port, when it isn't the scheme's own) that a link may lead to. */
  linkHosts?: string[];
  /** `link` only: text that the link's path and query contain. */
  linkPath?: string;
  /** `link` only: parameters that the link's query has, with their values. */
  linkQuery?: Record<string, string>;
  /** `code` only: how many digits or letters the code has; default 6, and any number with `after`. */
  codeLength?: number;
  /**
   * `code` only: the label in front of the code, as in `Password: x7!a`. Then the code is all that follows the colon on
   * that line, of whatever characters.
   */
  after?: string;
}

/** Where a mailbox stood before a form was submitted: only later mails count. */
export interface MailMark {
  /** Empty when it was not noted: then `markedAt` alone counts. */
  uidValidity: string;
  uidNext: number;
  /** Milliseconds since 1970, by the worker's clock: it counts when the mailbox was recreated with new UIDs. */
  markedAt: number;
}

/** The link or code that a mail brought, copied verbatim. */
export interface MailProof {
  kind: 'link' | 'code';
  value: string;
}
