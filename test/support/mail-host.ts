import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import getPort from 'get-port';
import PostalMime from 'postal-mime';
import type { MailServer } from '../../config/sites-file.ts';
import { type Dovecot, hasDovecot, startDovecot } from './dovecot.ts';
import { isListening } from './is-listening.ts';

const program = '/usr/sbin/exim4';

/** A mail server on loopback: Exim takes mails in, Dovecot lets them be read. */
export interface MailHost {
  /** Takes plain SMTP from anyone, for the host's own mailboxes; every other address is refused at RCPT. */
  smtp: { host: string; port: number };
  /** The login is the whole address. */
  imap: MailServer;
  /** What came for an address, oldest first. */
  messages(address: string): Promise<{ from: string; subject: string; text: string; html: string }[]>;
  close(): Promise<void>;
}

/** What keeps `startMailHost` from working here, and how to get it; undefined when nothing does. */
export function mailHostMissing(): string | undefined {
  const missing = [existsSync(program) ? [] : ['exim4-daemon-light'], hasDovecot() ? [] : ['dovecot-imapd']].flat();
  return missing.length > 0 ? `a mail server (apt-get install ${missing.join(' ')})` : undefined;
}

/**
 * In a process group of its own, deliveries included. The shell holds our end of a pipe: when it closes, because we ask
 * for it or because this process died, the whole group is killed.
 */
const script = `
exec 3<&0
{ read _ <&3; kill -KILL 0; } &
exec "$0" "$@" </dev/null`;

/** Exim's settings: each mail goes into the Maildir that `mailboxes` names for its address, or is refused. */
function writeSettings(home: string, port: number, { user, group }: Dovecot['owner']): string {
  return `
primary_hostname = localhost
keep_environment =
spool_directory = ${home}/spool
log_file_path = ${home}/%s-log
pid_file_path = ${home}/pid
exim_user = ${user}
exim_group = ${group}
deliver_drop_privilege
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port}
tls_advertise_hosts =
host_lookup =
smtp_accept_max = 100
smtp_accept_queue_per_connection = 0
acl_smtp_rcpt = recipient

begin acl
recipient:
  accept
    verify = recipient
  deny
    message = no such mailbox here

begin routers
mailbox:
  driver = accept
  address_data = \${lookup{$local_part@$domain}lsearch{${home}/mailboxes}{$value}fail}
  transport = maildir

begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = $address_data
  return_path_add
`;
}

/** The mails of a Maildir in the order of their arrival. */
async function readMaildir(folder: string) {
  const files = (
    await Promise.all(
      ['new', 'cur'].map(async (part) =>
        (await readdir(path.join(folder, part))).map((name) => path.join(folder, part, name)),
      ),
    )
  ).flat();
  const dated = await Promise.all(
    files.map(async (file) => ({ file, at: (await stat(file, { bigint: true })).mtimeNs })),
  );
  dated.sort((one, other) => (one.at < other.at ? -1 : 1));
  return Promise.all(
    dated.map(async ({ file }) => {
      const { from, subject = '', text = '', html = '' } = await PostalMime.parse(await readFile(file));
      return { from: from?.address ?? '', subject, text, html };
    }),
  );
}

/** Starts a mail server of its own, on free ports and in temporary folders, with these mailboxes. */
export async function startMailHost(mailboxes: { address: string; password: string }[]): Promise<MailHost> {
  const addresses = mailboxes.map(({ address }) => address.toLowerCase());
  const dovecot = await startDovecot(
    Object.fromEntries(mailboxes.map(({ password }, index) => [addresses[index]!, password])),
  );
  const home = await mkdtemp(path.join(tmpdir(), 'enlist-exim-'));
  let stop = async () => {};
  const close = async () => {
    await stop();
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
    await dovecot.remove();
  };
  try {
    const port = await getPort({ host: '127.0.0.1' });
    const settings = path.join(home, 'exim.conf');
    // With settings of its caller's, Exim works and delivers as one account, also when root starts it.
    await chown(home, dovecot.owner.uid, dovecot.owner.gid);
    await writeFile(settings, writeSettings(home, port, dovecot.owner), { mode: 0o644 });
    await writeFile(
      path.join(home, 'mailboxes'),
      addresses.map((address) => `${address}: ${dovecot.mailDir(address)}\n`).join(''),
      { mode: 0o644 },
    );

    let said = '';
    const child = spawn('sh', ['-c', script, program, '-C', settings, '-bdf'], {
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < 10_000) said += text;
    });
    const closed = once(child, 'close');
    stop = async () => {
      child.stdin.end();
      await closed;
    };
    while (!(await isListening(port))) {
      if (child.exitCode !== null) throw new Error(`Exim ended with ${child.exitCode}: ${said.trim()}`);
      await wait(20);
    }
    return {
      smtp: { host: '127.0.0.1', port },
      imap: dovecot.server,
      messages: (address) => readMaildir(dovecot.mailDir(address.toLowerCase())),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
