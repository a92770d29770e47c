import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright';
import { expect, test } from 'vitest';
import { coverArt, drawSquare, PodcastSites } from './podcast-sites.ts';
import { ann, ben } from './visitor.ts';

const system = '/usr/bin/chromium-headless-shell';

async function signUp(page: Page, url: string, account: { email: string; username: string }): Promise<void> {
  await page.goto(url);
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByLabel('Email', { exact: true }).fill(account.email);
  await page.getByLabel('Username', { exact: true }).fill(account.username);
  await page.getByLabel('Password', { exact: true }).fill('right-horse-1');
  await page.getByLabel('Repeat password', { exact: true }).fill('right-horse-1');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('First name', { exact: true }).fill('Ann');
  await page.getByLabel('Last name', { exact: true }).fill('Example');
  await page.getByLabel('I accept the terms', { exact: true }).check();
  await page.getByRole('button', { name: 'Create account' }).click();
}

test('a browser makes a show and brings its feed to a directory; it finds the feed well-formed and can play the episode', async () => {
  await using lab = new PodcastSites();
  const host = await lab.host({ confirmation: 'code', name: 'Cast' });
  const directory = await lab.directory({ ownerCode: true, name: 'Finder' });
  const mail = await lab.mail();
  const browser = await chromium.launch({
    ...(existsSync(system) && { executablePath: system }),
    args: ['--no-sandbox'],
  });
  try {
    const page = await browser.newPage();
    const refused: string[] = [];
    page.on('requestfailed', (request) => refused.push(request.url()));
    await signUp(page, host.url, ann);
    await page.getByRole('heading', { name: 'Check your mail' }).waitFor();
    const [confirmation] = await mail.messages(ann.email);
    await page.getByLabel('Six-digit code').fill(/\b\d{6}\b/.exec(confirmation!.text)![0]);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('Signed in as ann').waitFor();

    await page.getByRole('link', { name: 'Create a show' }).click();
    const create = async (cover: Buffer) => {
      await page.getByLabel('Show title', { exact: true }).fill('Tom & <Ann>');
      await page.getByLabel('Description', { exact: true }).fill('Samples & such.');
      await page.getByLabel('Language', { exact: true }).selectOption('English');
      await page.getByLabel('Category', { exact: true }).selectOption('Health & Fitness');
      await page.getByLabel('Owner email', { exact: true }).fill(ann.email);
      await page
        .getByLabel('Cover art', { exact: true })
        .setInputFiles({ name: 'cover.png', mimeType: 'image/png', buffer: cover });
      await page.getByRole('button', { name: 'Create show' }).click();
    };
    await create(await drawSquare(600));
    expect(await page.getByRole('alert').innerText()).toContain('Cover art refused: ');
    await create(coverArt);
    const field = page.getByLabel('RSS feed', { exact: true });
    const feed = await field.inputValue();
    expect(await field.isEditable()).toBe(false);
    await page.getByRole('link', { name: 'Public page' }).click();
    const seen = await page.evaluate(async (address) => {
      const browserParts = globalThis as unknown as {
        DOMParser: new () => {
          parseFromString(
            text: string,
            type: string,
          ): { querySelector(selector: string): { getAttribute(name: string): string } | null };
        };
        Audio: new (source: string) => { duration: number; onloadedmetadata: () => void; onerror: () => void };
      };
      const document = new browserParts.DOMParser().parseFromString(await (await fetch(address)).text(), 'text/xml');
      const audio = new browserParts.Audio(document.querySelector('enclosure')!.getAttribute('url'));
      await new Promise<void>((resolve, reject) => {
        audio.onloadedmetadata = resolve;
        audio.onerror = () => reject(new Error('the episode can not be played'));
      });
      return { error: document.querySelector('parsererror') !== null, seconds: audio.duration };
    }, feed);
    expect(seen).toEqual({ error: false, seconds: expect.closeTo(10, 0) });

    await signUp(page, directory.url, ben);
    await page.getByText('Check your mail').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Add your podcast' }).click();
    await page.getByLabel('RSS feed URL', { exact: true }).fill(`${feed}x`);
    await page.getByRole('button', { name: 'Import' }).click();
    expect(await page.getByRole('alert').innerText()).toBe('This is not a valid feed: it answers 404.');
    await page.getByLabel('RSS feed URL', { exact: true }).fill(feed);
    await page.getByRole('button', { name: 'Import' }).click();
    const codeField = page.getByLabel("Code from the owner's email", { exact: true });
    await codeField.waitFor();
    const ownerMail = (await mail.messages(ann.email)).at(-1);
    await codeField.fill(/\b\d{8}\b/.exec(ownerMail!.text)![0]);
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByRole('heading', { name: 'My podcasts' }).waitFor();
    await page.getByText(`Imported from ${feed}`).waitFor();
    const cover = page.getByAltText('Cover of Tom & <Ann>');
    expect(await cover.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth)).toBe(1400);
    await page.getByRole('link', { name: 'Tom & <Ann>' }).click();
    await page.getByRole('heading', { name: 'Tom & <Ann>' }).waitFor();
    expect(refused).toEqual([]);
  } finally {
    await browser.close();
  }
}, 60_000);
