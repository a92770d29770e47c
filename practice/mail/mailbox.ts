import { createHash, timingSafeEqual } from 'node:crypto';
import path from 'node:path';
import hoodiecrow, { type ImapMessage, type ImapNotification, type ImapServer } from 'hoodiecrow-imap';
import { type Journal, openJournal } from '../journal.ts';
import { plugins } from './imap-plugins.ts';

/** What a mailbox's file holds: its UIDVALIDITY first, then what came and what went. */
type Entry = { uidValidity: number } | { uid: number; receivedAt: string; raw: string } | { expunged: number };

/** One address's INBOX, with an IMAP server of its own, which never listens. */
export interface Mailbox {
  imap: ImapServer;
  messages(): { uid: number; raw: Buffer }[];
  /** Stores a mail; when it returns, the mail survives a restart (given a `dataDir`). */
  deliver(raw: Buffer): void;
  setPassword(password: string): void;
  accepts(password: string): boolean;
  close(): void;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Opens the mailbox of `address`, with the messages that its file in `dataDir` holds. Flags are kept in memory only. */
export function openMailbox(address: string, password: string, dataDir: string | undefined): Mailbox {
  const kept = new Map<number, ImapMessage>();
  let uidValidity = 0;
  let lastUid = 0;
  let journal: Journal<Entry> | undefined;
  if (dataDir !== undefined) {
    journal = openJournal<Entry>(path.join(dataDir, `${encodeURIComponent(address)}.jsonl`), (entry) => {
      if ('uidValidity' in entry) uidValidity = entry.uidValidity;
      else if ('expunged' in entry) kept.delete(entry.expunged);
      else {
        lastUid = Math.max(lastUid, entry.uid);
        kept.set(entry.uid, {
          uid: entry.uid,
          flags: [],
          internaldate: entry.receivedAt,
          raw: Buffer.from(entry.raw, 'base64').toString('latin1'),
        });
      }
    });
  }
  if (uidValidity === 0) {
    uidValidity = Math.floor(Date.now() / 1000);
    journal?.append({ uidValidity });
  }

  const imap = hoodiecrow({
    plugins,
    users: {},
    credentials: {},
    storage: { INBOX: { uidvalidity: uidValidity, uidnext: lastUid + 1, messages: [...kept.values()] }, '': {} },
  });
  imap.setMaxListeners(0);
  const inbox = imap.getMailbox('INBOX');

  const live = new Set(kept.keys());
  imap.messageHandlers.push((_server, message, mailbox) => {
    if (mailbox !== inbox) return;
    journal?.append({
      uid: message.uid,
      receivedAt: message.internaldate,
      raw: Buffer.from(message.raw, 'latin1').toString('base64'),
    });
    live.add(message.uid);
  });
  imap.on('notify', (notification: ImapNotification) => {
    if (notification.mailbox !== inbox) return;
    const present = new Set(inbox.messages.map((message) => message.uid));
    for (const uid of live) {
      if (present.has(uid)) continue;
      live.delete(uid);
      journal?.append({ expunged: uid });
    }
  });

  let wanted = digest(password);
  return {
    imap,
    messages: () => inbox.messages.map(({ uid, raw }) => ({ uid, raw: Buffer.from(raw, 'latin1') })),
    deliver: (raw) => void imap.appendMessage('INBOX', [], new Date(), raw.toString('latin1')),
    setPassword: (changed) => void (wanted = digest(changed)),
    accepts: (given) => timingSafeEqual(wanted, digest(given)),
    close: () => journal?.close(),
  };
}
