import type { NewRequestInput } from '../../contracts/admin.ts';
import type { MiniAppUserInput } from '../../contracts/mini-app.ts';
import type { PracticeConfig } from '../../practice/start.ts';

export const mailDomain = 'mail.practice.test';
export const mailPassword = 'abcd efgh ijkl mnop';

/** The practice sites of a run: each way to confirm an account, and sites that lose their answers by themselves. */
export const socialSites: NonNullable<PracticeConfig['sites']> = [
  { domain: 'link.practice.test', confirmation: 'link' },
  { domain: 'code.practice.test', confirmation: 'code', behaviour: { errorAfterCreate: { times: 2 } } },
  { domain: 'none.practice.test', confirmation: 'none', behaviour: { hangAfterCreate: { times: 1 } } },
];
export const podcastSites: NonNullable<PracticeConfig['podcasts']> = [
  { kind: 'host', domain: 'host.practice.test', confirmation: 'code' },
  { kind: 'directory', domain: 'plain.practice.test', confirmation: 'none' },
  { kind: 'directory', domain: 'owner.practice.test', confirmation: 'link', ownerCode: true },
];

/** What is ordered for one brand, and how many tasks it makes. */
export interface Order {
  requests: NewRequestInput[];
  users: MiniAppUserInput[];
  emails: string[];
  tasks: number;
}

/** The tasks of one brand: 3 social, 3 entity, 3 podcast ones, and 2 mini-app users. */
function makeOrder(number: number, pictures: string): Order {
  const [social, entity, podcast] = ['s', 'e', 'p'].map((kind) => `brand${number}${kind}`) as [string, string, string];
  const account = (username: string) => (site: { domain: string }) => ({
    domain: site.domain,
    email: `${username}@${mailDomain}`,
    username,
    app_password: mailPassword,
  });
  const profile = {
    first_name: 'Sample',
    last_name: `Brand ${number}`,
    about: `<p>We are <b>sample ${number}</b>.</p>`,
    location: 'Huế',
    social_connect: [`https://social.example/@brand${number}`],
  };
  const website = `https://brand${number}.example`;
  return {
    emails: [social, entity, podcast].map((username) => `${username}@${mailDomain}`),
    requests: [
      {
        type: 'social',
        website,
        profile: { ...profile, avatar_url: `${pictures}/avatar/${social}.png` },
        accounts: socialSites.map(account(social)),
      },
      { type: 'entity', website, profile, accounts: socialSites.map(account(entity)) },
      {
        type: 'podcast',
        website,
        profile: { about: profile.about, image_url: `${pictures}/square/${podcast}.png` },
        accounts: podcastSites.map(account(podcast)),
      },
    ],
    users: [1, 2].map((user) => ({ zalo_user_id: `${number}-${user}`, name: `Sample ${number}` })),
    tasks: 11,
  };
}

/** Orders for as many brands as it takes to come to so many tasks at least. */
export function makeOrders(tasks: number, pictures: string): Order[] {
  const orders: Order[] = [];
  for (let made = 0; made < tasks;) {
    const order = makeOrder(orders.length + 1, pictures);
    orders.push(order);
    made += order.tasks;
  }
  return orders;
}
