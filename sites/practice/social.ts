import { FormChanged, Rejected } from '../kit/errors.ts';
import { defineRecipe } from '../kit/recipe.ts';
import { practiceAccount } from './account.ts';

/** The social site of `practice/`, which `npm start` and the tests use. */
export const practiceSocial = defineRecipe({
  name: 'practice-social',
  limits: {
    avatar: { types: ['image/png', 'image/jpeg', 'image/webp'], maxBytes: 1024 * 1024 },
    cover: { types: ['image/png', 'image/jpeg', 'image/webp'], maxBytes: 2 * 1024 * 1024 },
    about: {
      html: { tags: ['p', 'br', 'b', 'i', 'em', 'strong', 'a', 'ul', 'ol', 'li'], attributes: { a: ['href'] } },
      maxLength: 2000,
    },
    links: { most: 200 },
  },
  ...practiceAccount,

  profileUrl: (kit, account) => kit.url(`/u/${account.username}`),

  // An unconfirmed account shows no profile, but its sign-in says so: with a refused sign-in, no profile means no account.
  async lookFor(kit, account) {
    const response = await kit.open(`/u/${account.username}`);
    if (!response) return { state: 'unknown' };
    return response.ok() ? { state: 'exists' } : { state: 'absent' };
  },

  async updateProfile(kit, _account, profile) {
    const { page } = kit;
    const alert = page.getByRole('alert');
    const problems: string[] = [];
    const pictures = [
      { field: page.getByLabel('Avatar'), picture: profile.avatar, name: 'Avatar' },
      { field: page.getByLabel('Cover'), picture: profile.cover, name: 'Cover' },
    ];
    // A refused picture must not keep the rest from being saved: each refusal costs one more round without it.
    for (let round = 0; round <= pictures.length; round++) {
      await kit.open('/settings/profile');
      await kit.fill(page.getByLabel('First name'), profile.firstName);
      await kit.fill(page.getByLabel('Last name'), profile.lastName);
      await kit.fill(page.getByLabel('Location'), profile.location);
      await kit.fill(page.getByLabel('Website'), profile.website);
      await kit.fill(page.getByLabel('About'), profile.about);
      await kit.fill(page.getByLabel('Links'), profile.links.join('\n'));
      for (const { field, picture, name } of pictures) {
        if (picture && !problems.some((problem) => problem.startsWith(name))) await kit.upload(field, picture);
      }
      await kit.click(page.getByRole('button', { name: 'Save profile' }));
      if ((await kit.see({ saved: page.getByText('Profile saved.'), alert })) === 'saved') return { problems };

      const words = await kit.read(alert);
      const refused = pictures.find(({ name, picture }) => picture && words.startsWith(`${name} refused`));
      if (!refused) throw new Rejected(words);
      problems.push(words);
    }
    throw new FormChanged(`${kit.domain}: the profile could not be saved: ${problems.join('; ')}`);
  },

  async addLinks(kit, _account, links) {
    const { page } = kit;
    await kit.open('/settings/profile');
    const field = page.getByLabel('Links');
    const there = (await field.inputValue()).split('\n').filter((line) => line.trim() !== '');
    await kit.fill(field, [...there, ...links].join('\n'));
    await kit.click(page.getByRole('button', { name: 'Save profile' }));
    const end = await kit.see({ saved: page.getByText('Profile saved.'), alert: page.getByRole('alert') });
    if (end === 'alert') throw new Rejected(await kit.read(page.getByRole('alert')));
  },

  async readLinks(kit, account) {
    await kit.open(`/u/${account.username}`);
    return kit.readHrefs(kit.page.getByRole('list', { name: 'Links' }).getByRole('link'));
  },
});
