import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Page } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { BrowserPool } from '../../activities/browser/pool.ts';
import { findBrowser } from '../../scripts/setup/tools.mjs';
import { AlreadyExists, Challenge, DeadlinePassed, FormChanged, SiteDown } from '../../sites/kit/errors.ts';
import { Kit, type KitOptions } from '../../sites/kit/kit.ts';
import { AnsweringServer, type Taken } from '../support/answering-server.ts';
import { browserPids } from '../support/processes.ts';

let pool: BrowserPool;
let site: AnsweringServer;
let stranger: AnsweringServer;
/** What the site answers, by path; a text is a page. */
let pages: Record<string, string | ((response: ServerResponse, taken: Taken, request: IncomingMessage) => void)>;

beforeAll(async () => {
  pool = new BrowserPool(findBrowser()!);
  site = await AnsweringServer.start();
  stranger = await AnsweringServer.start();
  const asPage = (response: ServerResponse, body: string, status = 200) =>
    void response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(`<!doctype html><title>page</title>${body}`);
  site.answer = (response, request, taken) => {
    const page = pages[new URL(taken.path, site.url).pathname];
    if (typeof page === 'function') page(response, taken, request);
    else asPage(response, page ?? 'Nothing here', page === undefined ? 404 : 200);
  };
  stranger.answer = (response) => asPage(response, '<label>Password <input type="password"></label>');
});
afterAll(async () => {
  await pool.close();
  await site.close();
  await stranger.close();
});
afterEach(() => {
  site.taken.length = 0;
  stranger.taken.length = 0;
});

const posts = () => site.taken.filter(({ method }) => method === 'POST');

/** Runs with a kit on a fresh page; gives what it threw. */
async function withKit(run: (kit: Kit) => Promise<unknown>, options: Partial<KitOptions> = {}): Promise<unknown> {
  return pool.withContext({}, async (context) => {
    const page = await context.newPage();
    const given = { page, domain: 'site.test', siteUrl: site.url, totpSecret: '', signal: new AbortController().signal, deadline: performance.now() + 60_000 };
    const kit = new Kit({ ...given, ...options });
    return run(kit).then(
      () => undefined,
      (error: unknown) => error,
    );
  });
}

const form = '<form method="post" action="/made"><label>Name <input name="name"></label><button>Create</button></form>';

describe('open', () => {
  test('gives the answer of an ordinary page, one that is not there too', async () => {
    pages = { '/': 'Hello', '/forbidden': (response) => void response.writeHead(403).end('members only') };
    const error = await withKit(async (kit) => {
      expect((await kit.open('/')).ok()).toBe(true);
      expect((await kit.open('/absent')).status()).toBe(404);
      expect((await kit.open('/forbidden')).status()).toBe(403);
    });
    expect(error).toBeUndefined();
  });

  test('takes 429 with its date for a site that is down until then', async () => {
    pages = { '/': (response) => void response.writeHead(429, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }).end('slow down') };
    const error = (await withKit((kit) => kit.open('/?token=planted'))) as SiteDown;
    expect(error).toBeInstanceOf(SiteDown);
    expect(error.message).toBe('site.test answers 429 on /');
    expect(error.retryAfterMs).toBeGreaterThan(50_000);
  });

  test('takes an answer that challenges for a challenge', async () => {
    pages = { '/': (response) => void response.writeHead(403, { 'cf-mitigated': 'challenge' }).end('wait') };
    expect(await withKit((kit) => kit.open('/'))).toBeInstanceOf(Challenge);
  });

  test.each([
    ['<h1>Verify you are human</h1>'],
    ['<p>Please prove that you are not a robot.</p>'],
    ['<iframe title="Human check" src="/frame"></iframe>'],
    ['<div id="px-captcha">hold</div>'],
    ['<label>Type these letters <input name="captchaWord"></label>'],
  ])('ends at a page with %s', async (body) => {
    pages = { '/': body, '/frame': 'check' };
    const error = await withKit((kit) => kit.open('/'));
    expect(error).toBeInstanceOf(Challenge);
  });

  test.each(['<input type="hidden" name="captcha_id">', '<p hidden>Verify you are human</p>', '<p>We are a human-friendly site</p>', '<iframe title="map" src="/frame"></iframe>'])(
    'goes on at a page with %s',
    async (body) => {
      pages = { '/': body, '/frame': 'map' };
      expect(await withKit((kit) => kit.open('/'))).toBeUndefined();
    },
  );

  test('tells no token of an address, whatever goes wrong', async () => {
    pages = { '/drop': (response) => void response.socket!.destroy(), '/file': (response) => void response.writeHead(200, { 'content-disposition': 'attachment' }).end('x') };
    for (const path of ['/drop', '/file']) {
      let journal = '';
      const error = (await withKit(async (kit) => {
        await kit.open(`${path}?token=planted-token`).finally(() => (journal = JSON.stringify(kit.journal)));
      })) as Error;
      expect(error.message).toContain(path);
      expect(`${error.message}${error.stack}${journal}`).not.toContain('planted-token');
    }
  });
});

describe('see', () => {
  test('says which of several things is there, the earlier named first, hidden ones not counted', async () => {
    pages = { '/': '<p hidden>Gone</p><p>Second</p><p>First</p>' };
    const error = await withKit(async (kit) => {
      await kit.open('/');
      const { page } = kit;
      expect(await kit.see({ gone: page.getByText('Gone'), first: page.getByText('First'), second: page.getByText('Second') })).toBe('first');
    });
    expect(error).toBeUndefined();
  });

  test('names what it waited for when nothing comes', async () => {
    pages = { '/form': form };
    const error = await withKit(async (kit) => {
      await kit.open('/form?a=1');
      await kit.see({ done: kit.page.getByText('Done'), alert: kit.page.getByRole('alert') }, 300);
    });
    expect(error).toBeInstanceOf(FormChanged);
    expect((error as Error).message).toBe('site.test: none of done, alert on the page /form');
  });

  test('ends at once when the page it waits for is an error, a lost connection or a challenge', async () => {
    const ends: [(response: ServerResponse) => void, new (...given: never[]) => Error][] = [
      [(response) => void response.writeHead(500).end('no'), SiteDown],
      [(response) => void response.socket!.destroy(), SiteDown],
      [(response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Verify you are human</p>'), Challenge],
      [(response) => void response.writeHead(403, { 'cf-mitigated': 'challenge' }).end('wait'), Challenge],
      [(response) => void response.writeHead(302, { location: `${stranger.url}/` }).end(), FormChanged],
    ];
    for (const [made, kind] of ends) {
      pages = { '/': form, '/made': made };
      const begun = performance.now();
      const error = await withKit(async (kit) => {
        await kit.open('/');
        await kit.submit(kit.page.getByRole('button'));
        await kit.see({ done: kit.page.getByText('Done') });
      });
      expect(error).toBeInstanceOf(kind);
      expect(performance.now() - begun).toBeLessThan(10_000);
    }
  });

  test('tells a site that is silent from a page that changed', async () => {
    pages = { '/': form, '/made': () => {} };
    const error = await withKit(async (kit) => {
      await kit.open('/');
      await kit.submit(kit.page.getByRole('button'));
      await kit.see({ done: kit.page.getByText('Done') }, 500);
    });
    expect(error).toBeInstanceOf(SiteDown);
    expect((error as Error).message).toBe('site.test does not answer on /made');
  });
});

describe('a browser that stands still for a while', () => {
  const stop = () => {
    const pids = browserPids();
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    setTimeout(() => pids.forEach((pid) => process.kill(pid, 'SIGCONT')), 3_500);
  };

  test('is asked again what it shows, and nothing is called changed', async () => {
    pages = { '/': '<script>setTimeout(() => (document.body.textContent = "Done"), 1_500)</script>' };
    const error = await withKit(async (kit) => {
      await kit.open('/');
      stop();
      expect(await kit.see({ done: kit.page.getByText('Done') }, 500)).toBe('done');
    });
    expect(error).toBeUndefined();
  });

  test('ends what it could not do in the meantime as a browser that is lost', async () => {
    pages = { '/': form };
    const error = await withKit(async (kit) => {
      await kit.open('/');
      kit.page.setDefaultTimeout(500);
      stop();
      await kit.fill(kit.page.getByLabel('Name'), 'anything');
    });
    expect(error).toMatchObject({ name: 'PageLost', message: 'site.test: the browser stood still' });
  });
});

describe('what is read', () => {
  const boxes = '<p class="box">The name\n is  taken.</p><p class="box" hidden>unseen</p><p class="box">Try <b>another</b>.</p>';

  test('several texts become one, with their white space folded; none is empty', async () => {
    pages = { '/': boxes };
    const error = await withKit(async (kit) => {
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
      response.writeHead(200, { 'content-type': 'text/html' }).write(`<!doctype html><p class="box">Refused.</p>${' '.repeat(2_000)}`);
      sendRest = () => void response.end(check);
    };
    pages = { '/': form, '/made': made };
    const error = await withKit(async (kit) => {
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
    pages = { '/': '<p class="box">Incorrect or missing CAPTCHA.</p>' };
    const error = await withKit(async (kit) => {
      await kit.open('/');
      await kit.readRefusal(kit.page.locator('.box'));
    });
    expect(error).toBeInstanceOf(Challenge);
  });

  test('links are whole addresses', async () => {
    pages = { '/': '<a href="/own">own</a><a href="https://brand.example">brand</a><a id="none">no link</a>' };
    const error = await withKit(async (kit) => {
      await kit.open('/');
      expect(await kit.readHrefs(kit.page.getByRole('link'))).toEqual([`${site.url}/own`, 'https://brand.example/']);
      expect(await kit.readHrefs(kit.page.locator('.absent'))).toEqual([]);
    });
    expect(error).toBeUndefined();
  });

  test("JSON is asked for with the session's cookies and comes in the shape that was named", async () => {
    const api = (response: ServerResponse, _taken: Taken, request: IncomingMessage) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ user: request.headers.cookie, more: 1 }));
    pages = { '/': (response) => void response.writeHead(200, { 'set-cookie': 'session=mine' }).end('Hello'), '/api': api };
    const error = await withKit(async (kit) => {
      await kit.open('/');
      expect(await kit.readJson('/api', { name: 'a|b&c' }, z.object({ user: z.string() }))).toEqual({ user: 'session=mine' });
    });
    expect(error).toBeUndefined();
    expect(site.taken.at(-1)!.path).toBe('/api?name=a%7Cb%26c');
  });

  test.each([
    ['{"user":7}', 200],
    ['<!doctype html>no JSON', 200],
    ['{"error":"gone"}', 404],
  ])('an answer of another shape is named, and nothing of it or of the query: %s', async (body, status) => {
    pages = { '/api': (response) => void response.writeHead(status, { 'content-type': 'application/json' }).end(body) };
    const error = await withKit((kit) => kit.readJson('/api', { token: 'planted' }, z.object({ user: z.string() })));
    expect(error).toBeInstanceOf(FormChanged);
    expect((error as Error).message).toBe(`site.test: /api answers something else than the recipe knows (HTTP ${status})`);
  });

  test('an answer that says to come back later is a site that is down', async () => {
    pages = { '/api': (response) => void response.writeHead(503).end('{}') };
    expect(await withKit((kit) => kit.readJson('/api', {}, z.object({})))).toBeInstanceOf(SiteDown);
  });
});

describe('what is typed', () => {
  test('a label that was renamed is named, and never the value', async () => {
    pages = { '/': '<label>Your nickname <input></label>' };
    const error = await withKit(async (kit) => {
      await kit.open('/');
      kit.page.setDefaultTimeout(300);
      await kit.fill(kit.page.getByLabel('Username'), 'planted-value');
    });
    expect(error).toBeInstanceOf(FormChanged);
    expect((error as Error).message).toBe("site.test: could not fill getByLabel('Username') on the page /");
    expect(String((error as Error).stack)).not.toContain('planted-value');
  });

  test('a secret gets into its field although the page moves the focus meanwhile', async () => {
    // Once, as soon as the field is ready to be typed into.
    const steal = "this.onfocus = null; queueMicrotask(() => document.querySelector('[name=name]').focus())";
    pages = { '/': `<label>Name <input name="name"></label><label>Password <input type="password" onfocus="${steal}"></label>` };
    const error = await withKit(async (kit) => {
      await kit.open('/');
      await kit.fillSecret(kit.page.getByLabel('Password'), 'planted-secret');
      await kit.fill(kit.page.getByLabel('Name'), 'brand');
      expect(await kit.readValue(kit.page.getByLabel('Password'))).toBe('planted-secret');
      expect(await kit.readValue(kit.page.getByLabel('Name'))).toBe('brand');
    });
    expect(error).toBeUndefined();
  });

  test('a secret goes into fields of the site itself only', async () => {
    pages = { '/': `<iframe src="${stranger.url}/"></iframe><iframe src="/own"></iframe>`, '/own': '<label>Code <input></label>' };
    let typed = '';
    const error = await withKit(async (kit) => {
      await kit.open('/');
      const [foreign, own] = [kit.page.frameLocator('iframe >> nth=0'), kit.page.frameLocator('iframe >> nth=1')];
      await kit.fillSecret(own.getByLabel('Code'), 'planted-secret');
      await kit.fillSecret(foreign.getByLabel('Password'), 'planted-secret').finally(async () => {
        typed = `${await own.getByLabel('Code').inputValue()},${await foreign.getByLabel('Password').inputValue()}`;
      });
    });
    expect(typed).toBe('planted-secret,');
    expect(error).toBeInstanceOf(FormChanged);
    expect((error as Error).message).toBe(`site.test: a secret is not typed into a page of ${stranger.url}`);
  });

  test('is not in the journal', async () => {
    pages = { '/': '<label>Name <input></label><label>Password <input type="password"></label>' };
    let journal = '';
    await withKit(async (kit) => {
      await kit.open('/');
      await kit.fill(kit.page.getByLabel('Name'), 'planted-name');
      await kit.fillSecret(kit.page.getByLabel('Password'), 'planted-secret');
      journal = JSON.stringify(kit.journal);
    });
    expect(journal).toContain("fill (secret) getByLabel('Password')");
    expect(journal).not.toContain('planted');
  });
});

describe("somebody else's page", () => {
  const elsewhere = (response: ServerResponse) => void response.writeHead(302, { location: `${stranger.url}/signin?token=planted` }).end();
  const words = () => `site.test leads to ${stranger.url}, which is neither its url in SITES_FILE nor among its recipe's origins`;

  test('ends the step that was led there', async () => {
    pages = { '/': elsewhere };
    const error = (await withKit((kit) => kit.open('/'))) as Error;
    expect(error).toBeInstanceOf(FormChanged);
    expect(error.message).toBe(words());
  });

  test('gets nothing typed, also when the page went there by itself', async () => {
    pages = { '/': `<script>setTimeout(() => location.assign('${stranger.url}/'), 100)</script>` };
    let typed = 'unread';
    const error = (await withKit(async (kit) => {
      const there = kit.page.waitForURL(`${stranger.url}/`);
      await kit.open('/');
      await there;
      const field = kit.page.getByLabel('Password');
      await kit.fill(field, 'a name').finally(async () => (typed = await field.inputValue()));
    })) as Error;
    expect(error.message).toBe(words());
    expect(typed).toBe('');
  });

  test('ends what is waited for, also when it is there', async () => {
    pages = { '/': form, '/made': elsewhere };
    const error = (await withKit(async (kit) => {
      await kit.open('/');
      await kit.submit(kit.page.getByRole('button'));
      await kit.see({ signIn: kit.page.getByLabel('Password') });
    })) as Error;
    expect(error.message).toBe(words());
  });

  test('is as good as its own when the recipe lists it, for secrets too, in frames as well', async () => {
    pages = { '/': elsewhere, '/framed': `<iframe src="${stranger.url}/"></iframe>` };
    const error = await withKit(
      async (kit) => {
        await kit.open('/');
        await kit.fillSecret(kit.page.getByLabel('Password'), 'planted-secret');
        expect(await kit.page.getByLabel('Password').inputValue()).toBe('planted-secret');
        await kit.open('/framed');
        await kit.fillSecret(kit.page.frameLocator('iframe').getByLabel('Password'), 'planted-secret');
      },
      { recipe: { origins: [stranger.url] } },
    );
    expect(error).toBeUndefined();
  });
});

describe('a human check', () => {
  const check = 'https://challenges.cloudflare.com/turnstile';
  /** Adds the frame a moment after the page, by what `place` says. */
  const late = (place: string) => `${form}<div id="host"></div><script>setTimeout(() => {
    const frame = document.createElement('iframe');
    frame.src = '${check}';
    const host = document.getElementById('host');
    ${place}.append(frame);
  }, 300)</script>`;
  const serveFrames = (kit: Kit) => kit.page.route(/^https:/, (route) => route.fulfill({ contentType: 'text/html', body: 'check' }));

  test.each(['host', "host.attachShadow({ mode: 'open' })", "host.attachShadow({ mode: 'closed' })"])('in a frame that comes late, in %s, ends what is waited for', async (place) => {
    pages = { '/': late(place) };
    const begun = performance.now();
    const error = await withKit(async (kit) => {
      await serveFrames(kit);
      await kit.open('/');
      await kit.see({ done: kit.page.getByText('Done') });
    });
    expect(error).toBeInstanceOf(Challenge);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  test.each(['host', "host.attachShadow({ mode: 'closed' })"])('beside a form, in %s, keeps it from being sent', async (place) => {
    pages = { '/': late(place) };
    const error = await withKit(async (kit) => {
      await serveFrames(kit);
      const come = kit.page.waitForEvent('framenavigated', { predicate: (frame) => frame.url() === check });
      await kit.open('/');
      await (await (await come).frameElement()).waitForElementState('visible');
      await kit.submit(kit.page.getByRole('button')).finally(() => expect(kit.submitted).toBe(false));
    });
    expect(error).toBeInstanceOf(Challenge);
    expect(posts()).toEqual([]);
  });

  test.each([
    'https://www.google.com/recaptcha/api2/anchor?size=normal',
    'https://www.recaptcha.net/recaptcha/enterprise/bframe?k=1',
    'https://newassets.hcaptcha.com/captcha/v1/hcaptcha.html#frame=checkbox',
    'https://newassets.hcaptcha.com/captcha/v1/hcaptcha.html#frame=challenge&size=invisible',
  ])('is told by its frame: %s', async (address) => {
    pages = { '/': `<iframe src="${address}"></iframe>` };
    const error = await withKit(async (kit) => {
      await serveFrames(kit);
      await kit.open('/');
    });
    expect(error).toBeInstanceOf(Challenge);
  });

  test('is no passive badge, and none that stays hidden', async () => {
    const badges = [
      '<iframe src="https://www.google.com/recaptcha/api2/anchor?size=invisible"></iframe>',
      '<iframe src="https://newassets.hcaptcha.com/hcaptcha.html#frame=checkbox-invisible"></iframe>',
      '<iframe style="visibility: hidden" src="https://www.google.com/recaptcha/api2/bframe?k=1"></iframe>',
    ];
    pages = { '/': form + badges.join(''), '/made': `Done${badges.join('')}` };
    const error = await withKit(async (kit) => {
      await serveFrames(kit);
      await kit.open('/');
      await kit.page.waitForLoadState('load');
      await kit.submit(kit.page.getByRole('button'));
      await kit.see({ done: kit.page.getByText('Done') });
    });
    expect(error).toBeUndefined();
  });
});

describe('a cookie banner', () => {
  const banner = `${form}<div id="banner" hidden style="position: fixed; inset: 0; background: white">
    <button onclick="choose('all')">Accept all</button><button onclick="choose('none')">Decline</button></div>
    <script>
      const choose = (choice) => { document.getElementById('banner').remove(); navigator.sendBeacon('/consent?' + choice); };
      setTimeout(() => { document.getElementById('banner').hidden = false; }, 200);
    </script>`;
  const create = async (kit: Kit) => {
    await kit.open('/');
    // No `waitFor`: that would have the banner dismissed.
    await kit.page.waitForFunction("!document.getElementById('banner').hidden");
    kit.page.setDefaultTimeout(2_000);
    await kit.fill(kit.page.getByLabel('Name'), 'brand');
    await kit.submit(kit.page.getByText('Create'));
    await kit.see({ done: kit.page.getByText('Done') });
  };
  const choices = () => posts().filter(({ path }) => path.startsWith('/consent')).map(({ path }) => path);

  test('is declined by the button that the recipe names', async () => {
    pages = { '/': banner, '/made': 'Done', '/consent': '' };
    let journal = '';
    const error = await withKit((kit) => create(kit).finally(() => (journal = JSON.stringify(kit.journal))), {
      recipe: { cookieBanner: (page) => page.getByRole('button', { name: 'Decline' }) },
    });
    expect(error).toBeUndefined();
    expect(choices()).toEqual(['/consent?none']);
    expect(journal).toContain('decline cookies by');
  });

  test.each([
    ['stays where the recipe names none', undefined],
    ['that its button does not close is in the way, and no more', { cookieBanner: (page: Page) => page.locator('#banner') }],
  ])('%s', async (_, recipe) => {
    pages = { '/': banner, '/made': 'Done', '/consent': '' };
    const error = await withKit(create, { recipe });
    expect(error).toBeInstanceOf(FormChanged);
    expect(posts()).toEqual([]);
  });
});

describe('readValue', () => {
  test('gives what a field or a list holds', async () => {
    pages = { '/': '<label>Name <input value=" A  b"></label><label>Colour <select><option>Red<option selected>Blue</select></label>' };
    const error = await withKit(async (kit) => {
      await kit.open('/');
      expect(await kit.readValue(kit.page.getByLabel('Name'))).toBe(' A  b');
      expect(await kit.readValue(kit.page.getByLabel('Colour'))).toBe('Blue');
    });
    expect(error).toBeUndefined();
  });

  test('names a field that is not there', async () => {
    pages = { '/': 'Nothing' };
    const error = await withKit(async (kit) => {
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
    pages = { '/': form, '/made': 'Done' };
    const error = await withKit(async (kit) => {
      await kit.open('/');
      expect(kit.submitted).toBe(false);
      await kit.submit(kit.page.getByRole('button'));
      expect(kit.submitted).toBe(true);
      expect(await kit.see({ done: kit.page.getByText('Done') })).toBe('done');
    });
    expect(error).toBeUndefined();
    expect(posts()).toHaveLength(1);
  });

  test('sends nothing once the deadline is near', async () => {
    pages = { '/': form };
    const error = await withKit(
      async (kit) => {
        await kit.open('/');
        await kit.submit(kit.page.getByRole('button')).finally(() => expect(kit.submitted).toBe(false));
      },
      { deadline: performance.now() + 1_500 },
    );
    expect(error).toBeInstanceOf(DeadlinePassed);
    expect(posts()).toEqual([]);
  });

  test('sends nothing after a cancellation, also when it waits for its button', async () => {
    pages = { '/': form.replace('<button>', '<button disabled>') };
    const stop = new AbortController();
    const error = await withKit(
      async (kit) => {
        await kit.open('/');
        const submitting = kit.submit(kit.page.getByRole('button')).finally(() => expect(kit.submitted).toBe(false));
        stop.abort(new Error('cancelled by the test'));
        await submitting;
      },
      { signal: stop.signal },
    );
    expect((error as Error).message).toBe('cancelled by the test');
    expect(posts()).toEqual([]);
  });

  test('of a button that is not there has sent nothing', async () => {
    pages = { '/': form.replace('Create', 'Make') };
    const error = await withKit(async (kit) => {
      await kit.open('/');
      kit.page.setDefaultTimeout(300);
      await kit.submit(kit.page.getByRole('button', { name: 'Create' })).finally(() => expect(kit.submitted).toBe(false));
    });
    expect(error).toBeInstanceOf(FormChanged);
  });

  test('waits for a site that takes longer than the click', async () => {
    pages = { '/': form, '/made': (response) => void setTimeout(() => response.writeHead(200, { 'content-type': 'text/html' }).end('Done'), 3_000) };
    const error = await withKit(async (kit) => {
      await kit.open('/');
      await kit.submit(kit.page.getByRole('button'));
      expect(await kit.see({ done: kit.page.getByText('Done') })).toBe('done');
    });
    expect(error).toBeUndefined();
  });
});

test("an error of the recipe's own passes as it is", async () => {
  const own = new AlreadyExists('taken');
  expect(await withKit(() => Promise.reject(own))).toBe(own);
});

test('a mail is asked for from the site alone, and its link may lead only there', async () => {
  await withKit(async (kit) => {
    expect(kit.mail.link({ subject: 'Hello', path: '/confirm', from: ['mailer.test'] })).toEqual({
      kind: 'link',
      from: ['site.test', '127.0.0.1', 'mailer.test'],
      subject: 'Hello',
      linkHosts: [new URL(site.url).host],
      linkPath: '/confirm',
    });
    expect(kit.mail.link({ query: { who: 'brand' } })).toMatchObject({ kind: 'link', linkQuery: { who: 'brand' } });
    expect(kit.mail.code({ length: 8 })).toMatchObject({ kind: 'code', codeLength: 8, from: ['site.test', '127.0.0.1'] });
    expect(kit.mail.code({ after: 'Password' })).toMatchObject({ kind: 'code', after: 'Password', from: ['site.test', '127.0.0.1'] });
    await Promise.resolve();
  });
});
