import { describe, expect, test } from 'vitest';
import { findPlaceholder } from '../../contracts/placeholders.ts';

describe('a report that still holds a sample value', () => {
  test.each<[string, Record<string, unknown>]>([
    ['email', { email: 'a@Example-Social.com' }],
    ['username', { username: 'SOCUSER01' }],
    ['note', { note: 'made at yourdomain.test' }],
    ['link_profile', { email: 'a@b.test', link_profile: 'https://site.test/<URL_PROFILE>' }],
    ['link_rss', { link_rss: '<URL_RSS>' }],
    ['email', { email: 'me+<tag>@b.test' }],
    ['username', { username: '<username>' }],
    ['password', { password: ' <password> ' }],
    ['cookie', { cookie: '<cookie>' }],
    ['password', { password: 'prefix-yourdomain-suffix' }],
  ])('is told by its field %s: %j', (field, body) => {
    expect(findPlaceholder(body)).toBe(field);
  });

  test.each<Record<string, unknown>>([
    {
      email: 'a@b.test',
      username: 'brand',
      password: 'p<a>ss',
      cookie: 'n=<1>; m=2',
      note: 'saw <b> there',
      link_profile: 'https://site.test/u/brand',
    },
    { password: '<', cookie: '>', email: 'a>b<c@d.test' },
    { email: null, username: undefined, status: 7 },
    {},
  ])('is not any other: %j', (body) => {
    expect(findPlaceholder(body)).toBeUndefined();
  });
});
