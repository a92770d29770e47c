import { Rejected } from '../kit/errors.ts';
import type { Kit } from '../kit/kit.ts';
import { defineRecipe } from '../kit/recipe.ts';
import { practicePodcastAccount, readAlerts } from './account.ts';

/** The dashboard's field with the show's feed. */
const feedField = ({ page }: Kit) => page.getByLabel('RSS feed');

/** The podcast host of `practice/`, which `npm start` and the tests use. */
export const practicePodcastHost = defineRecipe({
  name: 'practice-podcast-host',
  limits: {
    about: { html: false, maxLength: 4000 },
    showCover: {
      types: ['image/png', 'image/jpeg'],
      maxBytes: 5 * 1024 * 1024,
      square: true,
      minWidth: 1400,
      minHeight: 1400,
      maxWidth: 3000,
      maxHeight: 3000,
    },
  },
  ...practicePodcastAccount,

  async readFeed(kit) {
    await kit.open('/dashboard');
    const end = await kit.see({ feed: feedField(kit), none: kit.page.getByText('You have no show yet.') });
    return end === 'feed' ? feedField(kit).inputValue() : undefined;
  },

  async makeShow(kit, _account, show) {
    const { page } = kit;
    await kit.open('/show/new');
    // Who has a show already is led to it: an attempt that was cut off may have made it only now.
    if (
      (await kit.see({ feed: feedField(kit), form: page.getByRole('heading', { name: 'Create a show' }) })) === 'feed'
    )
      return;
    await kit.fill(page.getByLabel('Show title'), show.title);
    await kit.fill(page.getByLabel('Description'), show.description);
    await kit.choose(page.getByLabel('Language'), 'English');
    await kit.choose(page.getByLabel('Category'), 'Business');
    await kit.fill(page.getByLabel('Owner email'), show.ownerEmail);
    await kit.upload(page.getByLabel('Cover art'), show.cover);
    await kit.submit(page.getByRole('button', { name: 'Create show' }));
    if ((await kit.see({ feed: feedField(kit), alert: page.getByRole('alert') })) === 'alert')
      throw new Rejected(await readAlerts(kit));
  },
});
