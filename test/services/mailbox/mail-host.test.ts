import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MailRequest } from '../../../contracts/mail.ts';
import { awaitMail, findMail, markMailbox } from '../../../services/mailbox/mailbox.ts';
import { type MailHost, mailHostMissing, startMailHost } from '../../support/mail-host.ts';
import { sendmailMissing, sendmailPath } from '../../support/sendmail.ts';

const missing = [mailHostMissing(), sendmailMissing()].filter(Boolean).join(', ');
const request: MailRequest = { kind: 'code', from: ['site.test'] };
const brand = { address: 'brand@mail.test', password: 'quiet river' };
const other = { address: 'Other@mail.test', password: 'another river' };

describe.skipIf(missing)(`the mail host${missing ? ` (left out: needs ${missing})` : ''}`, () => {
  let host: MailHost;
  beforeAll(async () => {
    host = await startMailHost([brand, other]);
  });
  afterAll(() => host?.close());

  const soon = () => AbortSignal.timeout(20_000);
  const login = ({ address, password }: typeof brand) => ({ user: address, pass: password });
  const mark = (box: typeof brand) => markMailbox(host.imap, login(box), soon());
  const send = (to: string, text: string) =>
    createTransport(host.smtp).sendMail({ from: 'Site <no-reply@site.test>', to, subject: 'Your code', text });
  async function sendByMsmtp(to: string, text: string): Promise<void> {
    const sending = promisify(execFile)('sh', ['-c', sendmailPath(host.smtp)]);
    sending.child.stdin!.end(`From: Site <no-reply@site.test>\nTo: ${to}\nSubject: Your code\n\n${text}\n`);
    await sending;
  }

  test.each([
    ['SMTP', send, '111111'],
    ['msmtp', sendByMsmtp, '222222'],
  ])('a mail handed in by %s is read by IMAP in its own mailbox, and in no other', async (_, hand, code) => {
    const before = await mark(brand);
    const otherBefore = await mark(other);
    await hand(brand.address, `Your code is ${code}.`);
    expect(await awaitMail(host.imap, login(brand), before, request, soon())).toEqual({
      kind: 'code',
      value: code,
    });
    expect(await findMail(host.imap, login(other), otherBefore, request, soon())).toBeUndefined();
  });

  test('what came for an address is told oldest first, by whom and with what', async () => {
    expect(await host.messages(other.address)).toEqual([]);
    for (const code of ['333333', '444444', '555555']) {
      const before = await mark(other);
      await send(other.address, code);
      await awaitMail(host.imap, login(other), before, request, soon());
    }
    const mails = await host.messages(other.address);
    expect(mails.map(({ text }) => text.trim())).toEqual(['333333', '444444', '555555']);
    expect(mails[0]).toMatchObject({ from: 'no-reply@site.test', subject: 'Your code', html: '' });
  });

  test('mail to an address that nobody has is refused at once', async () => {
    await expect(send('nobody@mail.test', 'Hello')).rejects.toMatchObject({
      responseCode: 550,
      command: 'RCPT TO',
      response: expect.stringContaining('no such mailbox'),
    });
    await expect(send('brand@elsewhere.test', 'Hello')).rejects.toMatchObject({ responseCode: 550 });
    await expect(sendByMsmtp('nobody@mail.test', 'Hello')).rejects.toThrow('no such mailbox');
  });

  test('a closed host keeps nothing running', async () => {
    const brief = await startMailHost([brand]);
    await brief.close();
    await expect(createTransport(brief.smtp).verify()).rejects.toThrow('ECONNREFUSED');
  });
});
