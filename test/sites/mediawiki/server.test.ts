import { mkdtemp, readdir, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type MediaWiki, mediaWikiMissing, type MediaWikiOptions, startMediaWiki } from '../../support/mediawiki.ts';
import { openApiSession, signIn } from '../../support/mediawiki/api-session.ts';

const password = 'Quiet-river-91x!';

/** What a visitor's browser keeps and sends: just enough to fill in MediaWiki's sign-up form. */
async function signUp(wiki: MediaWiki, username: string, email = ''): Promise<string> {
  const address = `${wiki.url}/index.php?title=Special:CreateAccount`;
  const form = await fetch(address);
  const cookie = form.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const token = /name="wpCreateaccountToken" type="hidden" value="([^"]+)"/.exec(await form.text())![1]!;
  const answer = await fetch(address, {
    method: 'POST',
    headers: { cookie },
    body: new URLSearchParams({
      wpName: username,
      wpPassword: password,
      retype: password,
      email,
      // MediaWiki ignores the address when this field isn't there, empty or not.
      realname: '',
      authAction: 'create',
      wpCreateaccountToken: token,
    }),
  });
  return answer.text();
}

/** Writes on an account's own page. */
async function edit(wiki: MediaWiki, username: string) {
  const session = openApiSession(wiki.url);
  await signIn(session, username, password);
  const { query } = await session({ action: 'query', meta: 'tokens' });
  await session({ action: 'edit', title: `User:${username}`, text: 'Hello.', token: query.tokens.csrftoken });
}

/** An SMTP server that keeps what it is handed. */
async function startPostbox() {
  const mails: string[] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    async onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      mails.push(Buffer.concat(chunks).toString());
      done();
    },
  });
  const server = smtp.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  return { mails, host: '127.0.0.1', port, close: () => new Promise<void>((resolve) => smtp.close(() => resolve())) };
}

async function withWiki(options: MediaWikiOptions, use: (wiki: MediaWiki) => Promise<void>) {
  const wiki = await startMediaWiki(options);
  try {
    await use(wiki);
  } finally {
    await wiki.close();
  }
}

const missing = mediaWikiMissing();

describe.skipIf(missing)(
  `a private MediaWiki${missing ? ` (left out: needs ${missing})` : ''}`,
  { timeout: 60_000 },
  () => {
    let wiki: MediaWiki;
    beforeAll(async () => {
      wiki = await startMediaWiki();
    }, 60_000);
    afterAll(() => wiki.close());

    test('lets anyone sign up, and normalises the name', async () => {
      expect(await wiki.userExists('Green_studio')).toBe(false);
      expect(await signUp(wiki, 'green_studio')).toContain('Welcome, Green studio!');
      expect(await wiki.userNames()).toContain('Green studio');
      expect(await wiki.userExists('green studio')).toBe(true);
    });

    test('tells a right password from a wrong one', async () => {
      await wiki.addUser('Blue studio', password);
      expect(await wiki.canSignIn('Blue studio', password)).toBe(true);
      expect(await wiki.canSignIn('Blue studio', 'Another-river-92y!')).toBe(false);
      expect(await wiki.canSignIn('Nobody of that name', password)).toBe(false);
    });

    test('refuses to guess about a password once it is throttled', async () => {
      await wiki.addUser('Locked studio', password);
      for (let attempt = 0; attempt < 5; attempt++) await wiki.canSignIn('Locked studio', 'Another-river-92y!');
      await expect(wiki.canSignIn('Locked studio', password)).rejects.toThrow('too many recent login attempts');
    });

    test('gives the text of a page, and nothing for a page that is not there', async () => {
      expect(await wiki.pageText('Main Page')).toContain('MediaWiki has been installed');
      expect(await wiki.pageText('User:Nobody')).toBeUndefined();
    });

    test("passes on the API's own refusals", async () => {
      await expect(wiki.api({ action: 'no-such-action' })).rejects.toThrow('Unrecognized value for parameter "action"');
    });

    test('makes no two wikis share accounts', async () => {
      await wiki.addUser('Only here', password);
      await withWiki({}, async (other) => {
        expect(other.url).not.toBe(wiki.url);
        expect(await other.userNames()).toEqual([]);
      });
    });
  },
);

describe.skipIf(missing)('what a private MediaWiki can be asked to be', { timeout: 60_000 }, () => {
  test('mails a link that confirms the address, and that editing waits for', async () => {
    const postbox = await startPostbox();
    try {
      await withWiki({ smtp: postbox, confirmToEdit: true }, async (wiki) => {
        expect(await signUp(wiki, 'Red studio', 'red@brand.test')).toContain('Welcome, Red studio!');
        await vi.waitFor(() => expect(postbox.mails).toHaveLength(1), 10_000);
        expect(postbox.mails[0]).toContain(`<${wiki.mailFrom}>`);
        expect(await wiki.emailConfirmed('Red studio', password)).toBe(false);
        await expect(edit(wiki, 'Red studio')).rejects.toThrow('You must confirm your email address');

        const [link] = /http:\/\/\S+Special:ConfirmEmail\/\w+/.exec(postbox.mails[0]!)!;
        await (await fetch(link)).text();
        expect(await wiki.emailConfirmed('Red studio', password)).toBe(true);
        await edit(wiki, 'Red studio');
        expect(await wiki.pageText('User:Red studio')).toBe('Hello.');
      });
    } finally {
      await postbox.close();
    }
  });

  test('stops after as many accounts a day as it was told', async () => {
    await withWiki({ accountsPerDay: 1 }, async (wiki) => {
      expect(await signUp(wiki, 'First')).toContain('Welcome, First!');
      expect(await signUp(wiki, 'Second')).toContain('which is the maximum allowed in this time period');
      expect(await wiki.userNames()).toEqual(['First']);
    });
  });

  test.each(['simple', 'questy'] as const)('asks for a human with the %s check', async (humanCheck) => {
    await withWiki({ humanCheck }, async (wiki) => {
      expect(await signUp(wiki, 'Machine')).toContain('Incorrect or missing CAPTCHA');
      expect(await wiki.userExists('Machine')).toBe(false);
    });
  });

  test('leaves no server and no folder behind', async () => {
    // A place of its own, since other wikis may come and go in the common one.
    const place = await mkdtemp(join(tmpdir(), 'enlist-place-'));
    vi.stubEnv('TMPDIR', place);
    try {
      const wiki = await startMediaWiki();
      expect(await readdir(place)).toHaveLength(1);
      await wiki.close();
      expect(await readdir(place)).toEqual([]);
      await expect(fetch(wiki.url)).rejects.toThrow();
    } finally {
      vi.unstubAllEnvs();
      await rmdir(place);
    }
  });
});
