import type { MailServer, SitesFile } from '../../config/sites-file.ts';

export interface MailLogin {
  user: string;
  pass: string;
}

const gmail: MailServer = { host: 'imap.gmail.com', port: 993, tls: true };
const known = new Map([
  ['gmail.com', gmail],
  ['googlemail.com', gmail],
]);

/** Where mail for `address` is read: what the operator's file says of its domain, else a server that is known. */
export function mailServerFor(sites: SitesFile, address: string): MailServer | undefined {
  const domain = address
    .slice(address.lastIndexOf('@') + 1)
    .trim()
    .toLowerCase();
  return Object.hasOwn(sites.mail, domain) ? sites.mail[domain] : known.get(domain);
}

/**
 * The full address, with the app password (printed in groups, meant without its spaces) or else the mailbox's own
 * (docs/api-contract.md#account-fields).
 */
export function mailLogin(task: { email: string; app_password: string; pass_mail: string }): MailLogin {
  return { user: task.email.trim(), pass: task.app_password.replace(/\s/g, '') || task.pass_mail };
}
