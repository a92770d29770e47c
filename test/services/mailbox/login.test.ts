import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { sitesFile } from '../../../config/sites-file.ts';
import type { MailRequest } from '../../../contracts/mail.ts';
import { mailLogin, mailServerFor } from '../../../services/mailbox/login.ts';
import { isOurs } from '../../../services/mailbox/match-mail.ts';

describe('where mail is read', () => {
  const sites = sitesFile.parse({ mail: { 'Brand.example': { host: 'imap.brand.example' } } });
  test('is what the operator says of the domain, whatever its case', () => {
    expect(mailServerFor(sites, 'a@BRAND.example')).toEqual({ host: 'imap.brand.example', port: 993, tls: true });
    expect(mailServerFor(sites, 'a@sub.brand.example')).toBeUndefined();
    expect(mailServerFor(sites, 'a@constructor')).toBeUndefined();
  });
  test('is known for Gmail, unless the operator says otherwise', () => {
    expect(mailServerFor(sites, 'a@gmail.com')).toMatchObject({ host: 'imap.gmail.com', port: 993, tls: true });
    expect(mailServerFor(sites, 'a@googlemail.com')).toMatchObject({ host: 'imap.gmail.com' });
    const other = sitesFile.parse({ mail: { 'gmail.com': { host: 'relay.test', port: 1993, tls: false } } });
    expect(mailServerFor(other, 'a@gmail.com')).toMatchObject({ host: 'relay.test' });
  });
  test('is signed in to with the app password without its spaces, or else the mailbox password as it is', () => {
    expect(mailLogin({ email: 'a@gmail.com', app_password: 'abcd efgh ijkl mnop', pass_mail: 'x' })).toEqual({
      user: 'a@gmail.com',
      pass: 'abcdefghijklmnop',
    });
    expect(mailLogin({ email: 'a@b.test', app_password: ' ', pass_mail: 'with space' })).toEqual({
      user: 'a@b.test',
      pass: 'with space',
    });
  });
});

describe('whose mail it is', () => {
  const request: MailRequest = { kind: 'code', from: ['site.example', 'no-reply@mailer.test'], subject: 'Your Code' };
  const ours = async (headers: string, user = 'Brand@mail.test') =>
    isOurs(await PostalMime.parse(`Subject: Re: your code\r\n${headers}\r\n\r\n`), request, user);

  test.each([
    ['From: Site <a@site.example>'],
    ['From: a@news.SITE.example'],
    ['From: "a@evil.test" <No-Reply@Mailer.test>'],
    ['From: a@site.example\r\nTo: Me <BRAND@mail.test>, x@mail.test'],
    ['From: a@site.example\r\nTo: list@x.test\r\nDelivered-To: brand@mail.test'],
    ['From: a@site.example\r\nTo: list@x.test\r\nX-Original-To: brand@mail.test\r\nDelivered-To: catchall@mail.test'],
    ['From: a@site.example\r\nTo: undisclosed-recipients:;'],
  ])('%j is ours', async (headers) => expect(await ours(headers)).toBe(true));

  test.each([
    ['To: brand@mail.test'],
    ['From: a@evilsite.example'],
    ['From: a@site.example.evil.test'],
    ['From: other@mailer.test'],
    ['From: "a@site.example" <b@evil.test>'],
    ['From: b@evil.test\r\nReply-To: a@site.example\r\nSender: a@site.example'],
    ['From: a@site.example, b@evil.test'],
    ['From: a@site.example\r\nFrom: b@evil.test'],
    ['From: a@site.example\r\nTo: other@mail.test'],
    ['From: a@site.example\r\nTo: brand+tag@mail.test'],
    ['From: a@site.example\r\nTo: x@y.test\r\nCc: brand@mail.test'],
  ])('%j is not', async (headers) => expect(await ours(headers)).toBe(false));

  test('a tag of the address is part of it', async () => {
    expect(await ours('From: a@site.example\r\nTo: brand+tag@mail.test', 'brand+tag@mail.test')).toBe(true);
    expect(await ours('From: a@site.example\r\nTo: brand@mail.test', 'brand+tag@mail.test')).toBe(false);
  });
  test('a subject that is encoded is read', async () => {
    const mail = await PostalMime.parse('From: a@site.example\r\nSubject: =?utf-8?B?WW91ciBDb2Rl?=\r\n\r\n');
    expect(isOurs(mail, request, 'a@b.test')).toBe(true);
    expect(isOurs(mail, { ...request, subject: 'welcome' }, 'a@b.test')).toBe(false);
  });
  test('a sender named by its network address is compared without brackets', async () => {
    const mail = await PostalMime.parse('From: wiki@[127.0.0.1]\r\n\r\n');
    expect(isOurs(mail, { kind: 'code', from: ['127.0.0.1'] }, 'a@b.test')).toBe(true);
  });
});
