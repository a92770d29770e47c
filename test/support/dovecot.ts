import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import getPort from 'get-port';
import type { MailServer } from '../../config/sites-file.ts';
import { isListening } from './is-listening.ts';

const program = '/usr/sbin/dovecot';

/** Debian: `apt-get install dovecot-imapd`. */
export const hasDovecot = (): boolean => existsSync(program);

export interface Dovecot {
  server: MailServer;
  /** Whose the Maildirs are: who puts a mail there does so as this account. */
  owner: Owner;
  /** The user's Maildir. */
  mailDir(user: string): string;
  /** Puts a mail into the user's Maildir, as a delivery agent does. */
  deliver(user: string, raw: string, arrived?: Date): Promise<void>;
  /** Forgets all UIDs of a user, as a restored mailbox does: it gets another UIDVALIDITY. Only while it is stopped. */
  forgetUids(user: string): Promise<void>;
  /** Ends the server, not its mails; `start` brings it back on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends the server and removes all that it kept. */
  remove(): Promise<void>;
}

export interface Owner {
  user: string;
  group: string;
  uid: number;
  gid: number;
}

/** Whose the mails are: the account that runs the tests, or Dovecot's own when that is root, whose mail it refuses to read. */
function findOwner(): Owner {
  const { uid, username } = userInfo();
  const user = uid === 0 ? 'dovecot' : username;
  const id = (what: string) => execFileSync('id', [what, user], { encoding: 'utf8' }).trim();
  return { user, group: id('-gn'), uid: Number(id('-u')), gid: Number(id('-g')) };
}

function writeConfiguration(home: string, port: number, { user, group }: Owner): string {
  const rootless = userInfo().uid !== 0;
  return `
protocols = imap
listen = 127.0.0.1
base_dir = ${home}/run
state_dir = ${home}/state
log_path = ${home}/log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:${home}/mail/%u
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 100
auth_failure_delay = 0
${rootless ? `default_internal_user = ${user}\ndefault_login_user = ${user}\ndefault_internal_group = ${group}` : ''}
service anvil {
  ${rootless ? 'chroot =' : ''}
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = passwd-file
  args = scheme=plain ${home}/users
}
userdb {
  driver = static
  args = uid=${user} gid=${group} home=${home}/mail/%u
}
service imap-login {
  ${rootless ? 'chroot =' : ''}
  inet_listener imap {
    address = 127.0.0.1
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
`;
}

/** Starts a Dovecot of its own on a free loopback port, without TLS, with a Maildir for each of `users` (name → password). */
export async function startDovecot(users: Record<string, string>): Promise<Dovecot> {
  const home = await mkdtemp(path.join(tmpdir(), 'enlist-dovecot-'));
  await chmod(home, 0o755);
  const owner = findOwner();
  const port = await getPort({ host: '127.0.0.1' });
  const mailDir = (user: string) => path.join(home, 'mail', user);
  for (const user of Object.keys(users)) {
    for (const folder of ['cur', 'new', 'tmp']) await mkdir(path.join(mailDir(user), folder), { recursive: true });
    for (const folder of ['', 'cur', 'new', 'tmp']) await chown(path.join(mailDir(user), folder), owner.uid, owner.gid);
  }
  await writeFile(
    path.join(home, 'users'),
    Object.entries(users)
      .map(([user, password]) => `${user}:{PLAIN}${password}\n`)
      .join(''),
  );
  const configuration = path.join(home, 'dovecot.conf');
  await writeFile(configuration, writeConfiguration(home, port, owner));

  let delivered = 0;
  let end: (() => Promise<void>) | undefined;
  const dovecot: Dovecot = {
    server: { host: '127.0.0.1', port, tls: false },
    owner,
    mailDir,
    async deliver(user, raw, arrived = new Date()) {
      const name = `${Date.now()}.${process.pid}_${(delivered += 1)}.test`;
      const draft = path.join(mailDir(user), 'tmp', name);
      await writeFile(draft, raw);
      await chown(draft, owner.uid, owner.gid);
      await utimes(draft, arrived, arrived);
      await rename(draft, path.join(mailDir(user), 'new', name));
    },
    async forgetUids(user) {
      for (const file of ['dovecot-uidlist', 'dovecot.index', 'dovecot.index.log', 'dovecot.index.cache']) {
        await rm(path.join(mailDir(user), file), { force: true });
      }
    },
    async start() {
      const child = spawn(program, ['-F', '-c', configuration], { stdio: ['ignore', 'inherit', 'inherit'] });
      const exited = once(child, 'exit');
      end = async () => {
        child.kill('SIGTERM');
        await exited;
        end = undefined;
      };
      while (!(await isListening(port))) {
        if (child.exitCode !== null)
          throw new Error(`Dovecot ended with ${child.exitCode}: ${await readFile(path.join(home, 'log'), 'utf8')}`);
        await wait(20);
      }
    },
    async stop() {
      await end?.();
    },
    async remove() {
      await end?.();
      await rm(home, { recursive: true, force: true });
    },
  };
  try {
    await dovecot.start();
  } catch (error) {
    await dovecot.remove();
    throw error;
  }
  return dovecot;
}
