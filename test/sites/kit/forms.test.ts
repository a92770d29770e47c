import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AlreadyExists, Challenge, DeadlinePassed, FormChanged, SiteDown } from '../../../sites/kit/errors.ts';
import type { Taken } from '../../support/answering-server.ts';
import { type BrowserAndPages, form, startBrowserAndPages } from '../../support/browser-and-pages.ts';

let lab: BrowserAndPages;
beforeAll(async () => {
  lab = await startBrowserAndPages();
});
afterAll(() => lab.close());
afterEach(() => lab.forget());

describe('what is read', () => {
  const boxes =
    '<p class="box">The name\n is  taken.</p><p class="box" hidden>unseen</p><p class="box">Try <b>another</b>.</p>';

  test('several texts become one, with their white space folded; none is empty', async () => {
    lab.pages = { '/': boxes };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      expect(await kit.readAll(kit.page.locator('.box:visible'))).toBe('The name is taken. Try another.');
      expect(await kit.readRefusal(kit.page.locator('.box:visible'))).toBe('The name is taken. Try another.');
      expect(await kit.readAll(kit.page.locator('.absent'))).toBe('');
    });
    expect(error).toBeUndefined();
  });

  test('a refusal waits for the rest of its page, and is a challenge when a human check comes with it', async () => {
    const check = '<label>Type these letters <input name="wpCaptchaWord"></label>';
    let sendRest = () => {};
    const made = (response: ServerResponse) => {
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .write(`<!doctype html><p class="box">Refused.</p>${' '.repeat(2_000)}`);
      sendRest = () => void response.end(check);
    };
    lab.pages = { '/': form, '/made': made };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      await kit.submit(kit.page.getByRole('button'));
      await kit.see({ refused: kit.page.locator('.box') });
      let read = false;
      const reading = kit.readRefusal(kit.page.locator('.box')).finally(() => (read = true));
      // As many questions as the page answers meanwhile.
      for (let asked = 0; asked < 10; asked++) await kit.page.title();
      expect(read).toBe(false);
      sendRest();
      await reading;
    });
    expect(error).toBeInstanceOf(Challenge);
  });

  test('a refusal that names a CAPTCHA is a challenge, though none is shown', async () => {
    lab.pages = { '/': '<p class="box">Incorrect or missing CAPTCHA.</p>' };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      await kit.readRefusal(kit.page.locator('.box'));
    });
    expect(error).toBeInstanceOf(Challenge);
  });

  test('links are whole addresses', async () => {
    lab.pages = { '/': '<a href="/own">own</a><a href="https://brand.example">brand</a><a id="none">no link</a>' };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      expect(await kit.readHrefs(kit.page.getByRole('link'))).toEqual([
        `${lab.site.url}/own`,
        'https://brand.example/',
      ]);
      expect(await kit.readHrefs(kit.page.locator('.absent'))).toEqual([]);
    });
    expect(error).toBeUndefined();
  });

  test("JSON is asked for with the session's cookies and comes in the shape that was named", async () => {
    const api = (response: ServerResponse, _taken: Taken, request: IncomingMessage) =>
      void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ user: request.headers.cookie, more: 1 }));
    lab.pages = {
      '/': (response) => void response.writeHead(200, { 'set-cookie': 'session=mine' }).end('Hello'),
      '/api': api,
    };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      expect(await kit.readJson('/api', { name: 'a|b&c' }, z.object({ user: z.string() }))).toEqual({
        user: 'session=mine',
      });
    });
    expect(error).toBeUndefined();
    expect(lab.site.taken.at(-1)!.path).toBe('/api?name=a%7Cb%26c');
  });

  test.each([
    ['{"user":7}', 200],
    ['<!doctype html>no JSON', 200],
    ['{"error":"gone"}', 404],
  ])('an answer of another shape is named, and nothing of it or of the query: %s', async (body, status) => {
    lab.pages = {
      '/api': (response) => void response.writeHead(status, { 'content-type': 'application/json' }).end(body),
    };
    const error = await lab.withKit((kit) =>
      kit.readJson('/api', { token: 'planted' }, z.object({ user: z.string() })),
    );
    expect(error).toBeInstanceOf(FormChanged);
    expect((error as Error).message).toBe(
      `site.test: /api answers something else than the recipe knows (HTTP ${status})`,
    );
  });

  test('an answer that says to come back later is a site that is down', async () => {
    lab.pages = { '/api': (response) => void response.writeHead(503).end('{}') };
    expect(await lab.withKit((kit) => kit.readJson('/api', {}, z.object({})))).toBeInstanceOf(SiteDown);
  });
});

describe('what is typed', () => {
  test('a label that was renamed is named, and never the value', async () => {
    lab.pages = { '/': '<label>Your nickname <input></label>' };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      kit.page.setDefaultTimeout(300);
      await kit.fill(kit.page.getByLabel('Username'), 'planted-value');
    });
    expect(error).toBeInstanceOf(FormChanged);
    expect((error as Error).message).toBe("site.test: could not fill getByLabel('Username') on the page /");
    expect(String((error as Error).stack)).not.toContain('planted-value');
  });

  test.each(['fill', 'fillSecret'] as const)(
    'what %s types gets into its field, and into no other, although the page moves the focus meanwhile',
    async (fill) => {
      // Once, as soon as the field is ready to be typed into.
      const steal = "this.onfocus = null; queueMicrotask(() => document.querySelector('[name=name]').focus())";
      lab.pages = {
        '/': `<label>Name <input name="name"></label><label>Password <input type="password" onfocus="${steal}"></label>`,
      };
      const error = await lab.withKit(async (kit) => {
        await kit.open('/');
        await kit[fill](kit.page.getByLabel('Password'), 'planted-secret');
        expect(await kit.readValue(kit.page.getByLabel('Password'))).toBe('planted-secret');
        expect(await kit.readValue(kit.page.getByLabel('Name'))).toBe('');
      });
      expect(error).toBeUndefined();
    },
  );

  test('takes the place of what is there: in a field, a text of several lines, a date, a text that is edited in place', async () => {
    const fields =
      '<input aria-label="Name" value="Old"><textarea aria-label="About">Old\nlines</textarea><input type="date" aria-label="Born" value="2001-01-01">';
    lab.pages = { '/': `${fields}<div contenteditable role="textbox" aria-label="Motto">Old</div>` };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      const given = { Name: 'New', About: 'New\n\nlines  "kept"', Born: '2002-02-02' };
      for (const [label, value] of Object.entries(given)) {
        await kit.fill(kit.page.getByLabel(label), value);
        expect(await kit.readValue(kit.page.getByLabel(label))).toBe(value);
      }
      await kit.fill(kit.page.getByLabel('Motto'), 'New');
      expect(await kit.read(kit.page.getByLabel('Motto'))).toBe('New');
      await kit.fill(kit.page.getByLabel('Name'), '');
      await kit.fill(kit.page.getByLabel('Name'), '');
      expect(await kit.readValue(kit.page.getByLabel('Name'))).toBe('');
    });
    expect(error).toBeUndefined();
  });

  test('goes into the field that the page puts in the place of one that was just found', async () => {
    const replace =
      "const old = document.querySelector('input'); old.onfocus = () => { old.onfocus = null; old.replaceWith(old.cloneNode()); }";
    lab.pages = { '/': `<label>Name <input name="name"></label><script>${replace}</script>` };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      await kit.fill(kit.page.getByLabel('Name'), 'planted-name');
      expect(await kit.readValue(kit.page.getByLabel('Name'))).toBe('planted-name');
    });
    expect(error).toBeUndefined();
  });

  test('a secret goes into fields of the site itself only', async () => {
    lab.pages = {
      '/': `<iframe src="${lab.stranger.url}/"></iframe><iframe src="/own"></iframe>`,
      '/own': '<label>Code <input></label>',
    };
    let typed = '';
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      const [foreign, own] = [kit.page.frameLocator('iframe >> nth=0'), kit.page.frameLocator('iframe >> nth=1')];
      await kit.fillSecret(own.getByLabel('Code'), 'planted-secret');
      await kit.fillSecret(foreign.getByLabel('Password'), 'planted-secret').finally(async () => {
        typed = `${await own.getByLabel('Code').inputValue()},${await foreign.getByLabel('Password').inputValue()}`;
      });
    });
    expect(typed).toBe('planted-secret,');
    expect(error).toBeInstanceOf(FormChanged);
    expect((error as Error).message).toBe(`site.test: a secret is not typed into a page of ${lab.stranger.url}`);
  });

  test('is not in the journal', async () => {
    lab.pages = { '/': '<label>Name <input></label><label>Password <input type="password"></label>' };
    let journal = '';
    await lab.withKit(async (kit) => {
      await kit.open('/');
      await kit.fill(kit.page.getByLabel('Name'), 'planted-name');
      await kit.fillSecret(kit.page.getByLabel('Password'), 'planted-secret');
      journal = JSON.stringify(kit.journal);
    });
    expect(journal).toContain("fill (secret) getByLabel('Password')");
    expect(journal).not.toContain('planted');
  });
});

describe('readValue', () => {
  test('gives what a field or a list holds', async () => {
    lab.pages = {
      '/': '<label>Name <input value=" A  b"></label><label>Colour <select><option>Red<option selected>Blue</select></label>',
    };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      expect(await kit.readValue(kit.page.getByLabel('Name'))).toBe(' A  b');
      expect(await kit.readValue(kit.page.getByLabel('Colour'))).toBe('Blue');
    });
    expect(error).toBeUndefined();
  });

  test('waits for the rest of a text that comes in parts', async () => {
    let sendRest = () => {};
    const edit = (response: ServerResponse) => {
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .write(`<!doctype html><textarea>One, ${'and '.repeat(500)}`);
      sendRest = () => void response.end('two.</textarea>');
    };
    lab.pages = { '/': '<a href="/edit">Edit</a>', '/edit': edit };
    const error = await lab.withKit(async (kit) => {
      const text = kit.page.getByRole('textbox');
      await kit.open('/');
      await kit.click(kit.page.getByRole('link'));
      await kit.see({ text });
      let read = false;
      const reading = kit.readValue(text).finally(() => (read = true));
      // As many questions as the page answers meanwhile.
      for (let asked = 0; asked < 10; asked++) await kit.page.title();
      expect(read).toBe(false);
      sendRest();
      expect(await reading).toMatch(/^One, .* two\.$/);
    });
    expect(error).toBeUndefined();
  });

  test('names a field that is not there', async () => {
    lab.pages = { '/': 'Nothing' };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      kit.page.setDefaultTimeout(300);
      await kit.readValue(kit.page.getByLabel('Name'));
    });
    expect(error).toBeInstanceOf(FormChanged);
    expect((error as Error).message).toBe("site.test: could not read getByLabel('Name') on the page /");
  });
});

describe('submit', () => {
  test('sends the form once, and says from then on that it may have been sent', async () => {
    lab.pages = { '/': form, '/made': 'Done' };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      expect(kit.submitted).toBe(false);
      await kit.submit(kit.page.getByRole('button'));
      expect(kit.submitted).toBe(true);
      expect(await kit.see({ done: kit.page.getByText('Done') })).toBe('done');
    });
    expect(error).toBeUndefined();
    expect(lab.posts()).toHaveLength(1);
  });

  test('sends nothing once the deadline is near', async () => {
    lab.pages = { '/': form };
    const error = await lab.withKit(
      async (kit) => {
        await kit.open('/');
        await kit.submit(kit.page.getByRole('button')).finally(() => expect(kit.submitted).toBe(false));
      },
      { deadline: performance.now() + 1_500 },
    );
    expect(error).toBeInstanceOf(DeadlinePassed);
    expect(lab.posts()).toEqual([]);
  });

  test('sends nothing after a cancellation, also when it waits for its button', async () => {
    lab.pages = { '/': form.replace('<button>', '<button disabled>') };
    const stop = new AbortController();
    const error = await lab.withKit(
      async (kit) => {
        await kit.open('/');
        const submitting = kit.submit(kit.page.getByRole('button')).finally(() => expect(kit.submitted).toBe(false));
        stop.abort(new Error('cancelled by the test'));
        await submitting;
      },
      { signal: stop.signal },
    );
    expect((error as Error).message).toBe('cancelled by the test');
    expect(lab.posts()).toEqual([]);
  });

  test('of a button that is not there has sent nothing', async () => {
    lab.pages = { '/': form.replace('Create', 'Make') };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      kit.page.setDefaultTimeout(300);
      await kit
        .submit(kit.page.getByRole('button', { name: 'Create' }))
        .finally(() => expect(kit.submitted).toBe(false));
    });
    expect(error).toBeInstanceOf(FormChanged);
  });

  test('waits for a site that takes longer than the click', async () => {
    lab.pages = {
      '/': form,
      '/made': (response) =>
        void setTimeout(() => response.writeHead(200, { 'content-type': 'text/html' }).end('Done'), 3_000),
    };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      await kit.submit(kit.page.getByRole('button'));
      expect(await kit.see({ done: kit.page.getByText('Done') })).toBe('done');
    });
    expect(error).toBeUndefined();
  });
});

test("an error of the recipe's own passes as it is", async () => {
  const own = new AlreadyExists('taken');
  expect(await lab.withKit(() => Promise.reject(own))).toBe(own);
});

test('a mail is asked for from the site alone, and its link may lead only there', async () => {
  await lab.withKit(async (kit) => {
    expect(kit.mail.link({ subject: 'Hello', path: '/confirm', from: ['mailer.test'] })).toEqual({
      kind: 'link',
      from: ['site.test', '127.0.0.1', 'mailer.test'],
      subject: 'Hello',
      linkHosts: [new URL(lab.site.url).host],
      linkPath: '/confirm',
    });
    expect(kit.mail.link({ query: { who: 'brand' } })).toMatchObject({ kind: 'link', linkQuery: { who: 'brand' } });
    expect(kit.mail.code({ length: 8 })).toMatchObject({
      kind: 'code',
      codeLength: 8,
      from: ['site.test', '127.0.0.1'],
    });
    expect(kit.mail.code({ after: 'Password' })).toMatchObject({
      kind: 'code',
      after: 'Password',
      from: ['site.test', '127.0.0.1'],
    });
    await Promise.resolve();
  });
});
