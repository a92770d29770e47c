import hoodiecrow, { type ImapCommand, type ImapConnection, type ImapServer } from 'hoodiecrow-imap';
import { plugins } from './imap-plugins.ts';
import type { Mailbox } from './mailbox.ts';

const fromBytes = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');

/**
 * The IMAP server that listens. hoodiecrow shows all users the same folders; here each address has a server of its own
 * (`findMailbox`), and a connection that has signed in is handed over to it.
 */
export function makeImapFront(findMailbox: (address: string) => Mailbox | undefined): ImapServer {
  const front = hoodiecrow({ plugins, users: {}, credentials: {}, id: { name: 'Practice mail' } });
  front.setMaxListeners(0);
  front.registerCapability('AUTH=PLAIN', (connection) => connection.state === 'Not Authenticated');

  function signIn(
    connection: ImapConnection,
    parsed: ImapCommand,
    data: string,
    address: string,
    password: string,
  ): void {
    const answer = (command: 'OK' | 'NO' | 'BAD', value: string, code?: string) =>
      connection.send(
        {
          tag: parsed.tag,
          command,
          attributes: [
            ...(code === undefined ? [] : [{ type: 'SECTION', section: [{ type: 'ATOM', value: code }] }]),
            { type: 'TEXT', value },
          ],
        },
        'SIGN IN',
        parsed,
        data,
      );
    if (connection.state !== 'Not Authenticated') {
      answer('BAD', 'Already signed in');
      return;
    }
    const mailbox = findMailbox(address);
    if (!mailbox?.accepts(password)) {
      answer('NO', 'Wrong address or password', 'AUTHENTICATIONFAILED');
      return;
    }
    front.removeListener('notify', connection._notificationCallback);
    connection.server = mailbox.imap;
    mailbox.imap.on('notify', connection._notificationCallback);
    connection.state = 'Authenticated';
    answer('OK', 'Signed in');
  }

  front.setCommandHandler('LOGIN', (connection, parsed, data, done) => {
    const [address, password] = parsed.attributes ?? [];
    signIn(connection, parsed, data, fromBytes(address?.value ?? ''), fromBytes(password?.value ?? ''));
    done();
  });

  front.setCommandHandler('AUTHENTICATE PLAIN', (connection, parsed, data, done) => {
    const take = (encoded: string) => {
      const [, address = '', password = ''] = Buffer.from(encoded, 'base64').toString('utf8').split('\0');
      signIn(connection, parsed, data, address, password);
      done();
    };
    const initial = parsed.attributes?.[0]?.value;
    if (initial !== undefined) {
      take(initial);
      return;
    }
    connection.inputHandler = (line) => {
      connection.inputHandler = false;
      take(line);
    };
    connection.socket?.write('+ \r\n');
  });

  front.connectionHandlers.push((connection) => {
    // IDLE keeps a timer of half an hour that only the client's DONE clears.
    connection.socket?.once('close', () => connection.inputHandler && connection.inputHandler('DONE'));
  });
  return front;
}
