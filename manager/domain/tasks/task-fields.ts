import type { TaskRow } from './read-tasks.ts';
import type { Credentials } from './secrets.ts';

/** What every flow answers of a task. */
export function accountOf(row: TaskRow, secrets: Credentials) {
  return {
    id: row.id,
    request_id: row.request_id,
    domain: row.domain,
    website: row.website,
    email: row.email,
    username: row.username,
    pass_mail: secrets.pass_mail,
    twofa: secrets.twofa,
    app_password: secrets.app_password,
    password: secrets.password,
  };
}

/** What the register phases add: what to furnish the profile with. */
export function profileOf({ profile, about }: TaskRow) {
  const groups = [
    { type: 'avatar' as const, url: profile.avatar_url },
    { type: 'cover' as const, url: profile.cover_url },
  ];
  return {
    first_name: profile.first_name,
    last_name: profile.last_name,
    phone: profile.phone,
    address: profile.address,
    location: profile.location,
    about,
    avatar_url: profile.avatar_url,
    cover_url: profile.cover_url,
    social_connect: profile.social_connect,
    images: groups.filter(({ url }) => url !== '').map(({ type, url }) => ({ type, urls: [url] })),
  };
}
