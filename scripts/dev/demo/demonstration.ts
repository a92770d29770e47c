import type { NewRequestInput } from '../../../contracts/admin.ts';
import type { Status } from '../../../contracts/flow-statuses.ts';
import type { PracticeConfig } from '../../../practice/start.ts';

type PracticeSite = NonNullable<PracticeConfig['sites']>[number];

/** One practice site of the demonstration, how it behaves, and what its task is meant to become. */
interface DemonstrationSite {
  name: string;
  confirmation: PracticeSite['confirmation'];
  behaviour?: PracticeSite['behaviour'];
  /** Whether the account's sign-in asks for authenticator codes. */
  totp?: boolean;
  becomes: Status<'social'>;
  why: string;
}

export const mailDomain = 'mail.practice.test';
/** A domain that the demonstration asks for, and that its sites file does not list. */
const unlisted = 'willow.practice.test';

export const demonstrationSites: DemonstrationSite[] = [
  { name: 'alder', confirmation: 'link', becomes: 'completed', why: 'confirmed by a link' },
  { name: 'birch', confirmation: 'code', becomes: 'completed', why: 'confirmed by a code' },
  { name: 'cedar', confirmation: 'none', becomes: 'completed', why: 'needs no confirmation' },
  { name: 'elm', confirmation: 'link', behaviour: { slow: 300 }, becomes: 'completed', why: 'a slow site' },
  { name: 'fir', confirmation: 'link', totp: true, becomes: 'completed', why: 'sign-in by authenticator' },
  {
    name: 'hazel',
    confirmation: 'link',
    behaviour: { errorAfterCreate: { times: 1 } },
    becomes: 'completed',
    why: 'answers 500 after the account was made',
  },
  { name: 'juniper', confirmation: 'none', becomes: 'completed', why: 'needs no confirmation' },
  {
    name: 'linden',
    confirmation: 'link',
    behaviour: { humanCheck: true },
    becomes: 'final_failed',
    why: 'asks for a human',
  },
  {
    name: 'maple',
    confirmation: 'none',
    behaviour: { avatarRefused: true },
    becomes: 'active',
    why: 'refuses the avatar',
  },
  {
    name: 'oak',
    confirmation: 'link',
    behaviour: { nameTaken: true },
    becomes: 'final_failed',
    why: 'the name is taken',
  },
];

type PracticePodcast = NonNullable<PracticeConfig['podcasts']>[number];

/** The podcast sites of the demonstration: a main site, and directories that import its feed. */
export const demonstrationPodcasts: { site: PracticePodcast; becomes: Status<'podcast'>; why: string }[] = [
  {
    site: { kind: 'directory', domain: 'reed.practice.test', confirmation: 'link' },
    becomes: 'completed',
    why: 'imports the feed',
  },
  {
    site: { kind: 'directory', domain: 'rush.practice.test', confirmation: 'none', ownerCode: true },
    becomes: 'completed',
    why: "imports it by a code to the feed's owner",
  },
  {
    site: {
      kind: 'directory',
      domain: 'sedge.practice.test',
      confirmation: 'none',
      behaviour: { importRefused: true },
    },
    becomes: 'final_failed',
    why: 'refuses the feed',
  },
  {
    site: { kind: 'host', domain: 'willow-cast.practice.test', confirmation: 'code' },
    becomes: 'completed',
    why: 'the main site: makes the show',
  },
];
/** Which of them are main sites. */
export const demonstrationMainDomains = demonstrationPodcasts
  .filter(({ site }) => site.kind === 'host')
  .map(({ site }) => site.domain);

export const domainOf = ({ name }: Pick<DemonstrationSite, 'name'>) => `${name}.practice.test`;

/** What each domain's task is meant to become, and why. */
export type Meant = Map<string, { becomes: string; why: string }>;

export interface DemonstrationRequest {
  title: string;
  request: NewRequestInput;
  meant: Meant;
}

export interface Demonstration {
  emails: string[];
  mailPassword: string;
  username: string;
  totpSecret: string;
  requests: DemonstrationRequest[];
}

/** The sites that also get an entity's account and its links, and how. */
const entitySites: { name: string; why: string }[] = [
  { name: 'alder', why: 'registered, then linked' },
  { name: 'birch', why: 'registered by a code, then linked' },
  { name: 'cedar', why: 'registered, then linked' },
];

/** Makes up one brand and its requests; `stamp` keeps it apart from those of earlier runs, whose accounts are still there. */
export function makeDemonstration(stamp: string, mailPassword: string, pictures: string): Demonstration {
  const username = `brand-${stamp}`;
  const entityName = `entity-${stamp}`;
  const podcastName = `podcast-${stamp}`;
  const website = `https://${username}.example`;
  const totpSecret = 'JBSWY3DPEHPK3PXP';
  const accountOf = (name: string) => ({ email: `${name}@${mailDomain}`, username: name, app_password: mailPassword });
  const profile = {
    first_name: 'Sample',
    last_name: 'Brand',
    phone: '0900000000',
    location: 'Hà Nội',
    about:
      '<p>{Hello|Welcome}, this is <b>a sample brand</b> at <a href="https://brand.example">brand.example</a>.</p>',
    avatar_url: `${pictures}/avatar/${username}.png`,
    cover_url: `${pictures}/cover/${username}.png`,
    social_connect: [`https://social.example/@${username}`, `https://video.example/${username}`],
  };
  const social: DemonstrationRequest = {
    title: 'social: make and furnish accounts',
    request: {
      type: 'social',
      website,
      profile,
      accounts: [
        ...demonstrationSites.map((site) => ({
          ...accountOf(username),
          domain: domainOf(site),
          twofa: site.totp ? totpSecret : '',
        })),
        { ...accountOf(username), domain: unlisted },
      ],
    },
    meant: new Map(demonstrationSites.map((site) => [domainOf(site), { becomes: site.becomes, why: site.why }])),
  };
  social.meant.set(unlisted, { becomes: 'register', why: 'not in the sites file, so left alone' });
  const entity: DemonstrationRequest = {
    title: 'entity: make accounts, then put the links of all on each',
    request: {
      type: 'entity',
      website,
      profile: { ...profile, social_connect: [] },
      accounts: entitySites.map((site) => ({ ...accountOf(entityName), domain: domainOf(site) })),
      entity_connect: { mode: 'all' },
    },
    meant: new Map(entitySites.map((site) => [domainOf(site), { becomes: 'completed', why: site.why }])),
  };
  const podcast: DemonstrationRequest = {
    title: 'podcast: make the show on the main site, then import its feed on the others',
    request: {
      type: 'podcast',
      website,
      profile: { about: profile.about, image_url: `${pictures}/square/${username}.png` },
      accounts: demonstrationPodcasts.map(({ site }) => ({ ...accountOf(podcastName), domain: site.domain })),
      max_retries: 0,
    },
    meant: new Map(demonstrationPodcasts.map(({ site, becomes, why }) => [site.domain, { becomes, why }])),
  };
  return {
    emails: [username, entityName, podcastName].map((name) => accountOf(name).email),
    mailPassword,
    username,
    totpSecret,
    requests: [social, entity, podcast],
  };
}
