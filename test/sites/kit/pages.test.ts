import type { ServerResponse } from 'node:http';
import type { Page } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Challenge, FormChanged, SiteDown } from '../../../sites/kit/errors.ts';
import type { Kit } from '../../../sites/kit/kit.ts';
import { type BrowserAndPages, form, startBrowserAndPages } from '../../support/browser-and-pages.ts';
import { browserPids } from '../../support/processes.ts';

let lab: BrowserAndPages;
beforeAll(async () => {
  lab = await startBrowserAndPages();
});
afterAll(() => lab.close());
afterEach(() => lab.forget());

describe('open', () => {
  test('gives the answer of an ordinary page, one that is not there too', async () => {
    lab.pages = { '/': 'Hello', '/forbidden': (response) => void response.writeHead(403).end('members only') };
    const error = await lab.withKit(async (kit) => {
      expect((await kit.open('/'))!.ok()).toBe(true);
      expect((await kit.open('/absent'))!.status()).toBe(404);
      expect((await kit.open('/forbidden'))!.status()).toBe(403);
    });
    expect(error).toBeUndefined();
  });

  test('takes 429 with its date for a site that is down until then', async () => {
    lab.pages = {
      '/': (response) =>
        void response.writeHead(429, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }).end('slow down'),
    };
    const error = (await lab.withKit((kit) => kit.open('/?token=planted'))) as SiteDown;
    expect(error).toBeInstanceOf(SiteDown);
    expect(error.message).toBe('site.test answers 429 on /');
    expect(error.retryAfterMs).toBeGreaterThan(50_000);
  });

  test('takes an answer that challenges for a challenge', async () => {
    lab.pages = { '/': (response) => void response.writeHead(403, { 'cf-mitigated': 'challenge' }).end('wait') };
    expect(await lab.withKit((kit) => kit.open('/'))).toBeInstanceOf(Challenge);
  });

  test.each([
    ['<h1>Verify you are human</h1>'],
    ['<p>Please prove that you are not a robot.</p>'],
    ['<iframe title="Human check" src="/frame"></iframe>'],
    ['<div id="px-captcha">hold</div>'],
    ['<label>Type these letters <input name="captchaWord"></label>'],
  ])('ends at a page with %s', async (body) => {
    lab.pages = { '/': body, '/frame': 'check' };
    const error = await lab.withKit((kit) => kit.open('/'));
    expect(error).toBeInstanceOf(Challenge);
  });

  test.each([
    '<input type="hidden" name="captcha_id">',
    '<p hidden>Verify you are human</p>',
    '<p>We are a human-friendly site</p>',
    '<iframe title="map" src="/frame"></iframe>',
  ])('goes on at a page with %s', async (body) => {
    lab.pages = { '/': body, '/frame': 'map' };
    expect(await lab.withKit((kit) => kit.open('/'))).toBeUndefined();
  });

  test('tells no token of an address, whatever goes wrong', async () => {
    lab.pages = {
      '/drop': (response) => void response.socket!.destroy(),
      '/file': (response) => void response.writeHead(200, { 'content-disposition': 'attachment' }).end('x'),
    };
    for (const path of ['/drop', '/file']) {
      let journal = '';
      const error = (await lab.withKit(async (kit) => {
        await kit.open(`${path}?token=planted-token`).finally(() => (journal = JSON.stringify(kit.journal)));
      })) as Error;
      expect(error.message).toContain(path);
      expect(`${error.message}${error.stack}${journal}`).not.toContain('planted-token');
    }
  });
});

describe('see', () => {
  test('says which of several things is there, the earlier named first, hidden ones not counted', async () => {
    lab.pages = { '/': '<p hidden>Gone</p><p>Second</p><p>First</p>' };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      const { page } = kit;
      expect(
        await kit.see({
          gone: page.getByText('Gone'),
          first: page.getByText('First'),
          second: page.getByText('Second'),
        }),
      ).toBe('first');
    });
    expect(error).toBeUndefined();
  });

  test('names what it waited for when nothing comes', async () => {
    lab.pages = { '/form': form };
    const error = await lab.withKit(async (kit) => {
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
      [
        (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Verify you are human</p>'),
        Challenge,
      ],
      [(response) => void response.writeHead(403, { 'cf-mitigated': 'challenge' }).end('wait'), Challenge],
      [(response) => void response.writeHead(302, { location: `${lab.stranger.url}/` }).end(), FormChanged],
    ];
    for (const [made, kind] of ends) {
      lab.pages = { '/': form, '/made': made };
      const begun = performance.now();
      const error = await lab.withKit(async (kit) => {
        await kit.open('/');
        await kit.submit(kit.page.getByRole('button'));
        await kit.see({ done: kit.page.getByText('Done') });
      });
      expect(error).toBeInstanceOf(kind);
      expect(performance.now() - begun).toBeLessThan(10_000);
    }
  });

  test('tells a site that is silent from a page that changed', async () => {
    lab.pages = { '/': form, '/made': () => {} };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      await kit.submit(kit.page.getByRole('button'));
      await kit.see({ done: kit.page.getByText('Done') }, 500);
    });
    expect(error).toBeInstanceOf(SiteDown);
    expect((error as Error).message).toBe('site.test does not answer on /made');
  });
});

describe('a browser that is frozen for a while', () => {
  const stop = () => {
    const pids = browserPids();
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    setTimeout(() => pids.forEach((pid) => process.kill(pid, 'SIGCONT')), 3_500);
  };

  test('is asked again what it shows, and nothing is called changed', async () => {
    lab.pages = { '/': '<script>setTimeout(() => (document.body.textContent = "Done"), 1_500)</script>' };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      stop();
      expect(await kit.see({ done: kit.page.getByText('Done') }, 500)).toBe('done');
    });
    expect(error).toBeUndefined();
  });

  test('ends what it could not do in the meantime as a browser that is lost', async () => {
    lab.pages = { '/': form };
    const error = await lab.withKit(async (kit) => {
      await kit.open('/');
      kit.page.setDefaultTimeout(500);
      stop();
      await kit.fill(kit.page.getByLabel('Name'), 'anything');
    });
    expect(error).toMatchObject({ name: 'PageLost', message: 'site.test: the browser stood still' });
  });
});

describe("somebody else's page", () => {
  const elsewhere = (response: ServerResponse) =>
    void response.writeHead(302, { location: `${lab.stranger.url}/signin?token=planted` }).end();
  const words = () =>
    `site.test leads to ${lab.stranger.url}, which is neither its url in SITES_FILE nor among its recipe's origins`;

  test('ends the step that was led there', async () => {
    lab.pages = { '/': elsewhere };
    const error = (await lab.withKit((kit) => kit.open('/'))) as Error;
    expect(error).toBeInstanceOf(FormChanged);
    expect(error.message).toBe(words());
  });

  test('gets nothing typed, also when the page went there by itself', async () => {
    lab.pages = { '/': `<script>setTimeout(() => location.assign('${lab.stranger.url}/'), 100)</script>` };
    let typed = 'unread';
    const error = (await lab.withKit(async (kit) => {
      const there = kit.page.waitForURL(`${lab.stranger.url}/`);
      await kit.open('/');
      await there;
      const field = kit.page.getByLabel('Password');
      await kit.fill(field, 'a name').finally(async () => (typed = await field.inputValue()));
    })) as Error;
    expect(error.message).toBe(words());
    expect(typed).toBe('');
  });

  test('ends what is waited for, also when it is there', async () => {
    lab.pages = { '/': form, '/made': elsewhere };
    const error = (await lab.withKit(async (kit) => {
      await kit.open('/');
      await kit.submit(kit.page.getByRole('button'));
      await kit.see({ signIn: kit.page.getByLabel('Password') });
    })) as Error;
    expect(error.message).toBe(words());
  });

  test("is treated as the site's own when the recipe lists it, for secrets and in frames too", async () => {
    lab.pages = { '/': elsewhere, '/framed': `<iframe src="${lab.stranger.url}/"></iframe>` };
    const error = await lab.withKit(
      async (kit) => {
        await kit.open('/');
        await kit.fillSecret(kit.page.getByLabel('Password'), 'planted-secret');
        expect(await kit.page.getByLabel('Password').inputValue()).toBe('planted-secret');
        await kit.open('/framed');
        await kit.fillSecret(kit.page.frameLocator('iframe').getByLabel('Password'), 'planted-secret');
      },
      { recipe: { origins: [lab.stranger.url] } },
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
  const serveFrames = (kit: Kit) =>
    kit.page.route(/^https:/, (route) => route.fulfill({ contentType: 'text/html', body: 'check' }));

  test.each(['host', "host.attachShadow({ mode: 'open' })", "host.attachShadow({ mode: 'closed' })"])(
    'in a frame that comes late, in %s, ends what is waited for',
    async (place) => {
      lab.pages = { '/': late(place) };
      const begun = performance.now();
      const error = await lab.withKit(async (kit) => {
        await serveFrames(kit);
        await kit.open('/');
        await kit.see({ done: kit.page.getByText('Done') });
      });
      expect(error).toBeInstanceOf(Challenge);
      expect(performance.now() - begun).toBeLessThan(10_000);
    },
  );

  test.each(['host', "host.attachShadow({ mode: 'closed' })"])(
    'beside a form, in %s, keeps it from being sent',
    async (place) => {
      lab.pages = { '/': late(place) };
      const error = await lab.withKit(async (kit) => {
        await serveFrames(kit);
        const come = kit.page.waitForEvent('framenavigated', { predicate: (frame) => frame.url() === check });
        await kit.open('/');
        await (await (await come).frameElement()).waitForElementState('visible');
        await kit.submit(kit.page.getByRole('button')).finally(() => expect(kit.submitted).toBe(false));
      });
      expect(error).toBeInstanceOf(Challenge);
      expect(lab.posts()).toEqual([]);
    },
  );

  test.each([
    'https://www.google.com/recaptcha/api2/anchor?size=normal',
    'https://www.recaptcha.net/recaptcha/enterprise/bframe?k=1',
    'https://newassets.hcaptcha.com/captcha/v1/hcaptcha.html#frame=checkbox',
    'https://newassets.hcaptcha.com/captcha/v1/hcaptcha.html#frame=challenge&size=invisible',
  ])('is told by its frame: %s', async (address) => {
    lab.pages = { '/': `<iframe src="${address}"></iframe>` };
    const error = await lab.withKit(async (kit) => {
      await serveFrames(kit);
      await kit.open('/');
    });
    expect(error).toBeInstanceOf(Challenge);
  });

  test('is not seen in a passive badge or a hidden one', async () => {
    const badges = [
      '<iframe src="https://www.google.com/recaptcha/api2/anchor?size=invisible"></iframe>',
      '<iframe src="https://newassets.hcaptcha.com/hcaptcha.html#frame=checkbox-invisible"></iframe>',
      '<iframe style="visibility: hidden" src="https://www.google.com/recaptcha/api2/bframe?k=1"></iframe>',
    ];
    lab.pages = { '/': form + badges.join(''), '/made': `Done${badges.join('')}` };
    const error = await lab.withKit(async (kit) => {
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
  const choices = () =>
    lab
      .posts()
      .filter(({ path }) => path.startsWith('/consent'))
      .map(({ path }) => path);

  test('is declined by the button that the recipe names', async () => {
    lab.pages = { '/': banner, '/made': 'Done', '/consent': '' };
    let journal = '';
    const error = await lab.withKit((kit) => create(kit).finally(() => (journal = JSON.stringify(kit.journal))), {
      recipe: { cookieBanner: (page) => page.getByRole('button', { name: 'Decline' }) },
    });
    expect(error).toBeUndefined();
    expect(choices()).toEqual(['/consent?none']);
    expect(journal).toContain('decline cookies by');
  });

  test.each(['fill', 'fillSecret'] as const)('is out of the way once a field was typed into by %s', async (fill) => {
    lab.pages = { '/': banner, '/consent': '' };
    const error = await lab.withKit(
      async (kit) => {
        await kit.open('/');
        await kit.page.waitForFunction("!document.getElementById('banner').hidden");
        await kit[fill](kit.page.getByLabel('Name'), 'brand');
        expect(await kit.page.locator('#banner').count()).toBe(0);
      },
      { recipe: { cookieBanner: (page) => page.getByRole('button', { name: 'Decline' }) } },
    );
    expect(error).toBeUndefined();
  });

  test.each([
    ['stays where the recipe names none', undefined],
    [
      'that its button does not close is in the way, and no more',
      { cookieBanner: (page: Page) => page.locator('#banner') },
    ],
  ])('%s', async (_, recipe) => {
    lab.pages = { '/': banner, '/made': 'Done', '/consent': '' };
    const error = await lab.withKit(create, recipe ? { recipe } : {});
    expect(error).toBeInstanceOf(FormChanged);
    expect(lab.posts()).toEqual([]);
  });
});
