import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { makeImapFront } from './imap-front.ts';
import { type Mailbox, openMailbox } from './mailbox.ts';

export interface MailServerOptions {
  /** Where messages are kept; without it they end with the process. */
  dataDir?: string;
  /** 0, the default, takes a free port. */
  smtpPort?: number;
  imapPort?: number;
}

export interface ReceivedMail {
  uid: number;
  from: string;
  subject: string;
  text: string;
  html: string;
  raw: string;
}

export interface MailServer {
  smtp: { host: string; port: number };
  imap: { host: string; port: number };
  /** Makes the mailbox of `address`, or changes its password. Sign in over IMAP as the full address. */
  addMailbox(address: string, password: string): void;
  /** What lies in the mailbox, oldest first. @throws Error when there is no such mailbox. */
  messages(address: string): Promise<ReceivedMail[]>;
  close(): Promise<void>;
}

const host = '127.0.0.1';
const largestMail = 10 * 1024 * 1024;

class Refused extends Error {
  responseCode: number;

  constructor(responseCode: number, message: string) {
    super(message);
    this.responseCode = responseCode;
  }
}

/** SMTP without sign-in and IMAP without TLS, on loopback only. Mail for an address that has no mailbox is refused (550). */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const mailboxes = new Map<string, Mailbox>();
  const find = (address: string) => mailboxes.get(address.toLowerCase());

  const smtp = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: largestMail,
    closeTimeout: 1_000,
    onRcptTo({ address }, _session, done) {
      done(find(address) ? null : new Refused(550, 'No such mailbox here'));
    },
    onData(stream, session, done) {
      buffer(stream)
        .then((content) => {
          if (stream.sizeExceeded) throw new Refused(552, 'The message is too large');
          const from = session.envelope.mailFrom ? session.envelope.mailFrom.address : '';
          for (const { address } of session.envelope.rcptTo) {
            find(address)?.deliver(
              Buffer.concat([Buffer.from(`Return-Path: <${from}>\r\nDelivered-To: ${address}\r\n`), content]),
            );
          }
          done();
        })
        .catch(done);
    },
  });
  // A client that breaks off its connection is no reason to end.
  smtp.on('error', () => {});
  const imap = makeImapFront(find);
  const sockets = new Set<Socket>();
  imap.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  const smtpListener = smtp.listen(options.smtpPort ?? 0, host);
  await once(smtpListener, 'listening');
  imap.server.listen(options.imapPort ?? 0, host);
  try {
    await once(imap.server, 'listening');
  } catch (error) {
    smtp.close();
    throw error;
  }

  return {
    smtp: { host, port: (smtpListener.address() as AddressInfo).port },
    imap: { host, port: (imap.server.address() as AddressInfo).port },
    addMailbox(address, password) {
      const key = address.toLowerCase();
      const known = mailboxes.get(key);
      if (known) known.setPassword(password);
      else mailboxes.set(key, openMailbox(key, password, options.dataDir && path.join(options.dataDir, 'mail')));
    },
    async messages(address) {
      const mailbox = find(address);
      if (!mailbox) throw new Error(`no mailbox ${address}`);
      return Promise.all(
        mailbox.messages().map(async ({ uid, raw }) => {
          const mail = await PostalMime.parse(raw);
          return {
            uid,
            from: mail.from?.address ?? '',
            subject: mail.subject ?? '',
            text: mail.text ?? '',
            html: mail.html ?? '',
            raw: raw.toString('utf8'),
          };
        }),
      );
    },
    async close() {
      const stopped = [once(imap.server, 'close'), new Promise<void>((resolve) => smtp.close(() => resolve()))];
      imap.server.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(stopped);
      for (const mailbox of mailboxes.values()) mailbox.close();
    },
  };
}
