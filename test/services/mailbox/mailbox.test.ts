import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import hoodiecrow, { type ImapOptions } from 'hoodiecrow-imap';
import { ImapFlow } from 'imapflow';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { MailServer } from '../../../config/sites-file.ts';
import type { MailMark, MailRequest } from '../../../contracts/mail.ts';
import { MailboxDown, MailboxRefused } from '../../../services/mailbox/errors.ts';
import { awaitMail, findMail, markMailbox } from '../../../services/mailbox/mailbox.ts';
import { type Dovecot, hasDovecot, startDovecot } from '../../support/dovecot.ts';

const password = 'Secret w0rd';
const hour = 60 * 60_000;
const code: MailRequest = { kind: 'code', from: ['site.example'] };
const link: MailRequest = { kind: 'link', from: ['site.example'], linkHosts: ['site.example'], linkPath: '/confirm' };
const soon = () => AbortSignal.timeout(25_000);

interface Mail {
  from?: string;
  to?: string;
  subject?: string;
  date?: Date;
  type?: string;
  encoding?: string;
  body: string;
}

function compose({
  from = 'Site <no-reply@site.example>',
  to,
  subject = 'Your code',
  date,
  type = 'text/plain',
  encoding = '8bit',
  body,
}: Mail): string {
  return [
    `From: ${from}`,
    ...(to === undefined ? [] : [`To: ${to}`]),
    ...(date === undefined ? [] : [`Date: ${date.toUTCString()}`]),
    `Subject: ${subject}`,
    'MIME-Version: 1.0',
    `Content-Type: ${type}; charset=utf-8`,
    `Content-Transfer-Encoding: ${encoding}`,
    '',
    ...body.split('\n'),
    '',
  ].join('\r\n');
}

/** One mailbox on some server, as the tests see it. */
interface Box {
  server: MailServer;
  user: string;
  pass: string;
  deliver(mail: Mail, arrived?: Date): Promise<void>;
}

interface Host {
  box(): Box;
  close(): Promise<void>;
}

/** hoodiecrow keeps one set of folders: a server a box. */
async function hostOnHoodiecrow(options: Record<string, unknown> = {}): Promise<Host> {
  const listening: { server: ReturnType<typeof hoodiecrow>; sockets: Set<Socket> }[] = [];
  const open = () => {
    const user = 'brand@mail.test';
    const server = hoodiecrow({
      plugins: ['IDLE', 'UIDPLUS', 'ID'],
      users: { [user]: { password } },
      ...options,
    } as unknown as ImapOptions);
    const sockets = new Set<Socket>();
    server.server.on(
      'connection',
      (socket) => sockets.add(socket).size && socket.once('close', () => sockets.delete(socket)),
    );
    server.connectionHandlers.push((connection) =>
      connection.socket?.once('close', () => connection.inputHandler && connection.inputHandler('DONE')),
    );
    server.server.listen(0, '127.0.0.1');
    listening.push({ server, sockets });
    return { server, user };
  };
  const spare = Array.from({ length: 20 }, open);
  await Promise.all(spare.map(async ({ server }) => server.server.listening || once(server.server, 'listening')));
  return {
    box() {
      const { server, user } = spare.pop()!;
      const { port } = server.server.address() as AddressInfo;
      return {
        user,
        pass: password,
        server: { host: '127.0.0.1', port, tls: false },
        async deliver(mail, arrived = new Date()) {
          server.appendMessage('INBOX', [], arrived, Buffer.from(compose(mail)).toString('latin1'));
        },
      };
    },
    async close() {
      for (const { server, sockets } of listening) {
        for (const socket of sockets) socket.destroy();
        server.server.close();
      }
    },
  };
}

async function hostOnDovecot(): Promise<Host> {
  const users = Array.from({ length: 20 }, (_, index) => `brand${index}@mail.test`);
  const hard = `"${password}\\é`;
  const dovecot = await startDovecot(Object.fromEntries(users.map((user) => [user, hard])));
  return {
    box() {
      const user = users.pop()!;
      return {
        user,
        pass: hard,
        server: dovecot.server,
        deliver: (mail, arrived) => dovecot.deliver(user, compose(mail), arrived),
      };
    },
    close: () => dovecot.remove(),
  };
}

/** A TCP relay whose connections can be counted and cut, and whose client's commands can be counted. */
async function relay(to: MailServer) {
  const open = new Set<Socket>();
  let made = 0;
  let said = '';
  const server = createServer((socket) => {
    made += 1;
    const far = connect(to.port, to.host);
    const end = () => {
      socket.destroy();
      far.destroy();
      open.delete(socket);
    };
    open.add(socket);
    for (const side of [socket, far]) side.on('error', end).on('close', end);
    socket.on('data', (data) => (said += data.toString('latin1')));
    socket.pipe(far).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server: { host: '127.0.0.1', port: (server.address() as AddressInfo).port, tls: false },
    made: () => made,
    open: () => open.size,
    times: (command: string) => said.split(command).length - 1,
    cut: () => open.forEach((socket) => socket.destroy()),
    async close() {
      open.forEach((socket) => socket.destroy());
      server.close();
      await once(server, 'close');
    },
  };
}

const hosts = [
  { name: 'hoodiecrow', idles: true, start: () => hostOnHoodiecrow() },
  { name: 'a server without IDLE', idles: false, start: () => hostOnHoodiecrow({ plugins: [] }) },
  ...(hasDovecot() ? [{ name: 'Dovecot', idles: true, start: hostOnDovecot }] : []),
];

describe.each(hosts)('on $name', ({ start, idles }) => {
  let host: Host;
  let box: Box;
  beforeAll(async () => void (host = await start()));
  afterAll(() => host.close());

  const login = () => ({ user: box.user, pass: box.pass });
  const mark = () => markMailbox(box.server, login(), soon());
  const find = (after: MailMark, request = code) => findMail(box.server, login(), after, request, soon());
  const fresh = () => (box = host.box());

  test('only mails after the mark count, and the newest comes first', async () => {
    fresh();
    await box.deliver({ body: 'Your code: 100001' });
    const first = await mark();
    expect(await find(first)).toBeUndefined();
    await box.deliver({ body: 'Your code: 100002' });
    const second = await mark();
    await box.deliver({ body: 'Your code: 100003' });
    await box.deliver({ body: 'Your code is 100004 or 100005' });
    await box.deliver({ body: 'no code here' });
    expect(await find(first)).toEqual({ kind: 'code', value: '100003' });
    expect(await find(second)).toEqual({ kind: 'code', value: '100003' });
    expect(second.uidNext).toBe(first.uidNext + 1);
    expect(second.uidValidity).toBe(first.uidValidity);
  });

  test('mails of others, to others, and about other things do not count', async () => {
    fresh();
    const start = await mark();
    await box.deliver({ from: 'a@evil.test', body: 'Your code: 100001' });
    await box.deliver({ to: 'other@mail.test', body: 'Your code: 100002' });
    await box.deliver({ subject: 'News', body: 'Your code: 100003' });
    expect(await find(start, { ...code, subject: 'your code' })).toBeUndefined();
    await box.deliver({ to: box.user.toUpperCase(), subject: 'This is your CODE', body: 'Your code: 100004' });
    expect(await find(start, { ...code, subject: 'your code' })).toEqual({ kind: 'code', value: '100004' });
  });

  test('a link comes out of quoted-printable HTML verbatim', async () => {
    fresh();
    const start = await mark();
    const body = `<p>H=C3=A9llo</p><a href=3D"https://site.example/confirm?t=3D${'abc='.replace('=', '=\n')}def&amp;copy=3D1">go</a>`;
    await box.deliver({ type: 'text/html', encoding: 'quoted-printable', body });
    expect(await find(start, link)).toEqual({ kind: 'link', value: 'https://site.example/confirm?t=abcdef&copy=1' });
  });

  test('a value after a label comes verbatim, and only from an allowed sender', async () => {
    fresh();
    const start = await mark();
    await box.deliver({ encoding: 'quoted-printable', body: 'Password : a=3Db=\n&c~38' });
    await box.deliver({ from: 'a@evil.test', body: 'Password : rutkan.17' });
    expect(await find(start, { ...code, after: 'Password' })).toEqual({ kind: 'code', value: 'a=b&c~38' });
  });

  test('a huge, a malformed and an attached mail are skipped, and the others are read', async () => {
    fresh();
    const start = await mark();
    await box.deliver({ body: 'Your code: 100001' });
    await box.deliver({ body: `Your code: 100002\n${'x'.repeat(1000).concat('\n').repeat(1100)}` });
    const nested = Array.from(
      { length: 60 },
      (_, index) => `--b${index}\nContent-Type: multipart/mixed; boundary=b${index + 1}\n`,
    ).join('\n');
    await box.deliver({ type: 'multipart/mixed; boundary=b0', body: nested });
    const inner = 'From: a@site.example\nSubject: Your code\n\nYour code: 100003';
    await box.deliver({
      type: 'multipart/mixed; boundary=b',
      body: `--b\nContent-Type: message/rfc822\n\n${inner}\n--b--`,
    });
    expect(await find(start)).toEqual({ kind: 'code', value: '100001' });
  });

  test('a mail that comes later is waited for, and nothing is marked as seen', async () => {
    fresh();
    const start = await mark();
    const waiting = awaitMail(box.server, login(), start, code, soon());
    await box.deliver({ body: 'nothing yet' });
    await box.deliver({ body: 'Your code: 100001' });
    expect(await waiting).toEqual({ kind: 'code', value: '100001' });

    const client = new ImapFlow({
      host: box.server.host,
      port: box.server.port,
      secure: false,
      auth: login(),
      logger: false,
    });
    await client.connect();
    await client.mailboxOpen('INBOX');
    const flags = await client.fetchAll('1:*', { flags: true });
    client.close();
    expect(flags).toHaveLength(2);
    for (const message of flags) expect(message.flags).not.toContain('\\Seen');
  });

  if (idles) {
    test('news of a mail come before the next look', async () => {
      fresh();
      const start = await mark();
      const between = await relay(box.server);
      const waiting = awaitMail(between.server, login(), start, code, soon());
      // The third pause between two looks is one of 5 s.
      await expect.poll(() => between.times(' IDLE\r\n'), { timeout: 10_000 }).toBe(3);
      const begun = performance.now();
      await box.deliver({ body: 'Your code: 100001' });
      expect(await waiting).toEqual({ kind: 'code', value: '100001' });
      expect(performance.now() - begun).toBeLessThan(4_000);
      await between.close();
    });
  }

  test('a lost connection is made again', async () => {
    fresh();
    const start = await mark();
    const between = await relay(box.server);
    const waiting = awaitMail(between.server, login(), start, code, soon());
    await expect.poll(between.open).toBe(1);
    between.cut();
    await expect.poll(between.made, { timeout: 10_000 }).toBeGreaterThan(1);
    await box.deliver({ body: 'Your code: 100001' });
    expect(await waiting).toEqual({ kind: 'code', value: '100001' });
    await expect.poll(between.open).toBe(0);
    await between.close();
  });

  test('waiting ends at once when the signal says so, its connection closed', async () => {
    fresh();
    const start = await mark();
    const between = await relay(box.server);
    const stop = new AbortController();
    const waiting = awaitMail(between.server, login(), start, code, stop.signal);
    await expect.poll(between.open).toBe(1);
    const begun = performance.now();
    stop.abort(new Error('the step is over'));
    await expect(waiting).rejects.toThrow('the step is over');
    expect(performance.now() - begun).toBeLessThan(1_000);
    await expect.poll(between.open).toBe(0);
    await between.close();
  });

  test('wrong credentials are a refusal that does not tell them', async () => {
    fresh();
    const start = await mark();
    const refused = await findMail(box.server, { user: box.user, pass: 'Wr0ng-one' }, start, code, soon()).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(MailboxRefused);
    expect(JSON.stringify(refused, Object.getOwnPropertyNames(refused))).not.toContain('Wr0ng-one');
    await expect(awaitMail(box.server, { user: box.user, pass: 'Wr0ng-one' }, start, code, soon())).rejects.toThrow(
      MailboxRefused,
    );
    await expect(markMailbox(box.server, { user: box.user, pass: '' }, soon())).rejects.toThrow(MailboxRefused);
  });
});

describe('when the mailbox was made anew', () => {
  test.runIf(hasDovecot())('a mail counts by its arrival and by its own date', async () => {
    const user = 'brand@mail.test';
    const dovecot: Dovecot = await startDovecot({ [user]: password });
    try {
      const login = { user, pass: password };
      await dovecot.deliver(user, compose({ body: 'Your code: 100001' }), new Date(Date.now() - hour));
      await dovecot.deliver(user, compose({ date: new Date(Date.now() - hour), body: 'Your code: 100002' }));
      const mark = await markMailbox(dovecot.server, login, soon());
      const waiting = awaitMail(dovecot.server, login, mark, code, soon());
      await dovecot.stop();
      await dovecot.forgetUids(user);
      await dovecot.start();
      const anew = await markMailbox(dovecot.server, login, soon());
      expect(anew.uidValidity).not.toBe(mark.uidValidity);
      expect(await findMail(dovecot.server, login, mark, code, soon())).toBeUndefined();
      await dovecot.deliver(user, compose({ date: new Date(), body: 'Your code: 100003' }));
      expect(await waiting).toEqual({ kind: 'code', value: '100003' });
    } finally {
      await dovecot.remove();
    }
  });
});

describe('a server that does not answer as it should', () => {
  const login = { user: 'brand@mail.test', pass: password };
  const mark: MailMark = { uidValidity: '1', uidNext: 1, markedAt: Date.now() };

  async function listen(onSocket: (socket: Socket) => void) {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      onSocket(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      server: { host: '127.0.0.1', port: (server.address() as AddressInfo).port, tls: false },
      sockets,
      async close() {
        for (const socket of sockets) socket.destroy();
        server.close();
        await once(server, 'close');
      },
    };
  }

  test('is down when nothing listens, and waiting for it goes on until the signal ends it', async () => {
    const listening = await listen(() => {});
    const { server } = listening;
    await listening.close();
    await expect(markMailbox(server, login, soon())).rejects.toThrow(MailboxDown);
    const stop = new AbortController();
    const waiting = awaitMail(server, login, mark, code, stop.signal);
    const ended = vi.fn();
    waiting.then(ended, ended);
    // Past its first attempt to connect again.
    await sleep(1_500);
    expect(ended).not.toHaveBeenCalled();
    stop.abort();
    await expect(waiting).rejects.toThrow('aborted');
  });

  test('is left at once when it says nothing', async () => {
    const silent = await listen(() => {});
    const stop = new AbortController();
    const waiting = awaitMail(silent.server, login, mark, code, stop.signal);
    await expect.poll(() => silent.sockets.size).toBe(1);
    stop.abort();
    await expect(waiting).rejects.toThrow('aborted');
    await expect.poll(() => silent.sockets.size).toBe(0);
    await silent.close();
  });

  test.each([
    ['drops the sign-in', (socket: Socket) => socket.destroy(), MailboxDown],
    ['is too busy', (socket: Socket, tag: string) => socket.write(`${tag} NO [UNAVAILABLE] later\r\n`), MailboxDown],
    [
      'has too many connections',
      (socket: Socket, tag: string) =>
        socket.write(`${tag} NO [ALERT] Too many simultaneous connections. (Failure)\r\n`),
      MailboxDown,
    ],
    [
      'refuses',
      (socket: Socket, tag: string) => socket.write(`${tag} NO [AUTHENTICATIONFAILED] no, ${password} is wrong\r\n`),
      MailboxRefused,
    ],
  ])('when it %s, the error says whether to come back', async (_, answer, expected) => {
    const rude = await listen((socket) => {
      socket.write('* OK [CAPABILITY IMAP4rev1] hello\r\n');
      socket.on('data', (data) => {
        const [tag = '', verb] = data.toString().split(' ');
        if (verb?.trim() === 'LOGIN') answer(socket, tag);
        else if (tag !== '') socket.write(`${tag} OK done\r\n`);
      });
    });
    const error: unknown = await markMailbox(rude.server, login, soon()).catch((reason: unknown) => reason);
    await rude.close();
    expect(error).toBeInstanceOf(expected);
    expect(String(error)).not.toContain(password);
  });

  test('is sent no password when its certificate is not trusted', async () => {
    const host = await hostOnHoodiecrow({ secureConnection: true });
    const box = host.box();
    await expect(markMailbox({ ...box.server, tls: true }, login, soon())).rejects.toThrow(MailboxDown);
    await host.close();
  });

  test('is not asked for what no mail can meet', async () => {
    const server = { host: '127.0.0.1', port: 1, tls: false };
    await expect(findMail(server, login, mark, { ...link, linkHosts: [] }, soon())).rejects.toThrow(TypeError);
    await expect(findMail(server, login, mark, { ...code, from: [] }, soon())).rejects.toThrow(TypeError);
    await expect(findMail(server, login, mark, { ...code, codeLength: 0 }, soon())).rejects.toThrow(TypeError);
    await expect(findMail(server, login, mark, { ...code, after: ' ' }, soon())).rejects.toThrow(TypeError);
  });
});
