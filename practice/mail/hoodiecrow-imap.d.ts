/** The part of hoodiecrow-imap that the practice mail server uses; the package brings no types. */
declare module 'hoodiecrow-imap' {
  import type { EventEmitter } from 'node:events';
  import type { Server, Socket } from 'node:net';

  export interface ImapAttribute {
    type: string;
    value?: string;
    section?: ImapAttribute[];
  }

  export interface ImapCommand {
    tag: string;
    command: string;
    attributes?: ImapAttribute[];
  }

  export interface ImapMessage {
    uid: number;
    flags: string[];
    internaldate: string;
    /** The source, one character a byte. */
    raw: string;
  }

  export interface ImapMailbox {
    path: string;
    uidvalidity: number;
    uidnext: number;
    messages: ImapMessage[];
  }

  export interface ImapNotification {
    command: { attributes?: unknown[] };
    mailbox: ImapMailbox | string;
  }

  export interface ImapConnection {
    server: ImapServer;
    socket: Socket | null;
    state: 'Not Authenticated' | 'Authenticated' | 'Selected' | 'Logout';
    inputHandler: false | ((line: string) => void);
    _notificationCallback: (notification: ImapNotification) => void;
    send(response: ImapCommand, description: string, parsed: ImapCommand, data: string): void;
  }

  export type ImapCommandHandler = (
    connection: ImapConnection,
    parsed: ImapCommand,
    data: string,
    done: () => void,
  ) => void;

  export interface ImapServer extends EventEmitter {
    server: Server;
    connectionHandlers: ((connection: ImapConnection) => void)[];
    messageHandlers: ((server: ImapServer, message: ImapMessage, mailbox: ImapMailbox) => void)[];
    registerCapability(keyword: string, isOffered?: (connection: ImapConnection) => boolean): void;
    setCommandHandler(command: string, handler: ImapCommandHandler): void;
    getMailbox(path: string): ImapMailbox;
    appendMessage(mailbox: string, flags: string[], internaldate: Date, raw: string): { message: ImapMessage };
  }

  export interface ImapOptions {
    plugins: (string | ((server: ImapServer) => void))[];
    users: Record<string, never>;
    credentials: Record<string, never>;
    storage?: {
      INBOX: { uidvalidity: number; uidnext: number; messages: ImapMessage[] };
      '': Record<string, never>;
    };
    id?: Record<string, string>;
  }

  export default function hoodiecrow(options: ImapOptions): ImapServer;
}
