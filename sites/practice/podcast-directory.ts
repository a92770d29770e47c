import type { Locator } from 'playwright';
import { AlreadyExists, Rejected } from '../kit/errors.ts';
import type { Kit } from '../kit/kit.ts';
import { defineRecipe } from '../kit/recipe.ts';
import { practicePodcastAccount, readAlerts } from './account.ts';

/** What tells the pages of an import apart. */
function locateImport(
  { page }: Kit,
  feedUrl: string,
): { listed: Locator; code: Locator; alert: Locator; form: Locator; mine: Locator } {
  const address = URL.canParse(feedUrl) ? new URL(feedUrl).href : feedUrl;
  return {
    /** The account's own list has the feed. */
    listed: page.getByText(`Imported from ${address}`, { exact: true }),
    code: page.getByLabel("Code from the owner's email"),
    alert: page.getByRole('alert'),
    form: page.getByLabel('RSS feed URL'),
    mine: page.getByRole('heading', { name: 'My podcasts' }),
  };
}

/** Throws what an alert means. */
async function refuse(kit: Kit): Promise<never> {
  const words = await readAlerts(kit);
  if (/imported by another account/i.test(words)) throw new AlreadyExists(words);
  throw new Rejected(words);
}

/** A podcast directory of `practice/`, which `npm start` and the tests use. */
export const practicePodcastDirectory = defineRecipe({
  name: 'practice-podcast-directory',
  limits: {},
  ...practicePodcastAccount,

  async importFeed(kit, _account, feedUrl) {
    const { listed, code, alert, form } = locateImport(kit, feedUrl);
    await kit.open('/add');
    await kit.fill(form, feedUrl);
    await kit.click(kit.page.getByRole('button', { name: 'Import' }));
    // A feed that was imported before is listed as well.
    const end = await kit.see({ listed, alert, code });
    if (end === 'alert') await refuse(kit);
    return end === 'code' ? { awaiting: kit.mail.code({ subject: 'Your import code', length: 8 }) } : {};
  },

  async confirmImport(kit, _account, feedUrl, proof) {
    const { listed, code, alert, form, mine } = locateImport(kit, feedUrl);
    await kit.open('/add/verify');
    if ((await kit.see({ code, form })) === 'code') {
      await kit.fillSecret(code, proof.value);
      await kit.click(kit.page.getByRole('button', { name: 'Verify' }));
      const end = await kit.see({ listed, alert, form });
      if (end === 'alert') await refuse(kit);
      if (end === 'listed') return;
    }
    // Nothing waits for a code any more: an earlier answer to the mail may have arrived.
    await kit.open('/podcasts');
    if ((await kit.see({ listed, mine })) === 'mine')
      throw new Rejected(`${kit.domain}: no import waits for its owner's code, and the feed is not imported`);
  },
});
