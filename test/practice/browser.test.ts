import { existsSync } from 'node:fs';
import { chromium } from 'playwright';
import { expect, test } from 'vitest';
import { drawPicture } from '../../practice/pictures.ts';
import { ann, PracticeSites } from './visitor.ts';

const system = '/usr/bin/chromium-headless-shell';

test('a browser signs up, confirms by mail, fills in the profile, and everyone sees it', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site({ confirmation: 'link', name: 'Social' });
  const browser = await chromium.launch({
    ...(existsSync(system) && { executablePath: system }),
    args: ['--no-sandbox'],
  });
  try {
    const page = await browser.newPage();
    const refused: string[] = [];
    page.on('console', (message) => message.type() === 'error' && refused.push(message.text()));
    page.on('requestfailed', (request) => refused.push(request.url()));
    await page.goto(site.url);
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByLabel('Email', { exact: true }).fill(ann.email);
    await page.getByLabel('Username', { exact: true }).fill(ann.username);
    await page.getByLabel('Password', { exact: true }).fill('right-horse-1');
    await page.getByLabel('Repeat password', { exact: true }).fill('right-horse-1');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Create account' }).click();
    expect(await page.getByRole('alert').allTextContents()).toHaveLength(3);
    refused.length = 0;
    const fillDetails = async () => {
      await page.getByLabel('First name', { exact: true }).fill('Ann');
      await page.getByLabel('Last name', { exact: true }).fill('Example');
      await page.getByLabel('Phone', { exact: true }).fill('+1 555 0100');
      await page.getByLabel('I accept the terms', { exact: true }).check();
      await page.getByRole('button', { name: 'Create account' }).click();
    };
    site.setBehaviour({ humanCheck: true });
    await fillDetails();
    const frame = page.frameLocator('iframe[title="human check"]');
    await frame.getByRole('button', { name: 'I am human' }).waitFor();
    await frame.getByRole('button', { name: 'I am human' }).click();
    await frame.getByRole('status').waitFor();
    await page.getByRole('link', { name: 'Back to the form' }).click();
    await fillDetails();
    await page.getByRole('heading', { name: 'Check your mail' }).waitFor();
    const [mail] = await (await lab.mail()).messages(ann.email);
    await page.goto(/http\S+token=\S+/.exec(mail!.text)![0]);
    await page.getByRole('status').getByText('Your account is confirmed.').waitFor();

    await page.getByRole('link', { name: 'Fill in your profile' }).click();
    const picture = async (kind: 'avatar' | 'cover') => ({
      name: `${kind}.png`,
      mimeType: 'image/png',
      buffer: await drawPicture(kind, 'ann'),
    });
    await page.getByLabel('Avatar', { exact: true }).setInputFiles(await picture('avatar'));
    await page.getByLabel('Cover', { exact: true }).setInputFiles(await picture('cover'));
    await page.getByLabel('Location', { exact: true }).fill('Example City');
    await page.getByLabel('Website', { exact: true }).fill('https://brand.example');
    await page.getByLabel('About', { exact: true }).fill('<p>Hello, we make <b>examples</b>.</p>');
    await page.getByLabel('Links', { exact: true }).fill('https://one.example/ann\nhttps://two.example/ann');
    await page.getByRole('button', { name: 'Save profile' }).click();
    await page.getByRole('status').getByText('Profile saved.').waitFor();
    await page.getByRole('link', { name: 'Profile', exact: true }).click();
    expect(await page.getByRole('list', { name: 'Links' }).getByRole('link').allTextContents()).toEqual([
      'https://one.example/ann',
      'https://two.example/ann',
    ]);
    for (const name of ['Avatar of ann', 'Cover of ann']) {
      expect(
        await page.getByAltText(name).evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth),
      ).toBeGreaterThan(0);
    }
    expect(refused).toEqual([]);
  } finally {
    await browser.close();
  }
}, 60_000);
