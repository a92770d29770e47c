import { existsSync } from 'node:fs';

const program = '/usr/bin/msmtp';

/** What keeps `sendmailPath` from working here, and how to get it; undefined when nothing does. */
export const sendmailMissing = (): string | undefined =>
  existsSync(program) ? undefined : 'msmtp (apt-get install msmtp)';

/** A command that sends the mail on its standard input by SMTP: for `sendmail_path` in PHP's settings. */
export function sendmailPath({ host, port }: { host: string; port: number }): string {
  return `${program} --host=${host} --port=${port} --auth=off --tls=off --read-envelope-from -t -i`;
}
