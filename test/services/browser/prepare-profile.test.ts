import { expect, test } from 'vitest';
import { socialTask } from '../../../contracts/social.ts';
import { prepareProfile } from '../../../services/browser/prepare-profile.ts';

const task = socialTask.parse({
  id: 'one',
  request_id: 'request',
  domain: 'forum.test',
  username: 'brand',
  email: 'brand@brand.test',
  password: 'Quiet-river-91x!',
  social_connect: ['https://a.example/', 'javascript:alert(1)', 'https://b.example/', 'ftp://c.example/'],
});

const prepare = (links?: { most: number }) =>
  prepareProfile(task, links ? { links } : {}, [], { signal: new AbortController().signal, attempt: 1 });

test('a link that is no address of the web is left out, and told', async () => {
  const { profile, problems } = await prepare({ most: 10 });
  expect(profile.links).toEqual(['https://a.example/', 'https://b.example/']);
  expect(problems).toEqual([
    'Link left out: javascript:alert(1) is no web address',
    'Link left out: ftp://c.example/ is no web address',
  ]);
});

test('links over what the platform takes are left out, and told', async () => {
  const { profile, problems } = await prepare({ most: 1 });
  expect(profile.links).toEqual(['https://a.example/']);
  expect(problems).toContainEqual('Links left out: forum.test takes 1, and 2 are wanted');
});

test('a platform without links is given none, and nothing is said of them', async () => {
  expect(await prepare()).toMatchObject({ profile: { links: [] }, problems: [] });
});
