import type { Behaviour } from './behaviour.ts';
import type { Counts } from './counts.ts';
import type { Site } from './pages.ts';

/** A site as its operator sees it; no password, secret, code or session. */
export interface SiteState {
  domain: string;
  behaviours: { site: Behaviour; accounts: Record<string, Behaviour> };
  counts: Counts & { accountsMade: number };
  accounts: AccountState[];
}

export interface AccountState {
  username: string;
  email: string;
  confirmed: boolean;
  authenticator: boolean;
  /** Milliseconds since the epoch. */
  createdAt: number;
  firstName: string;
  lastName: string;
  phone: string;
  location: string;
  website: string;
  about: string;
  links: string[];
  /** Addresses of the pictures. */
  avatar?: string;
  cover?: string;
}

export function readState(site: Site): SiteState {
  const media = (file: string | undefined) => (file === undefined ? undefined : `${site.url}/media/${file}`);
  return structuredClone({
    domain: site.domain,
    behaviours: site.behaviours.list(),
    counts: { ...site.counts, accountsMade: site.counts.signUpSubmits.filter((submit) => submit.made).length },
    accounts: site.accounts.all().map(({ username, email, phone, createdAt, proofHash, profile }) => ({
      username,
      email,
      confirmed: proofHash === undefined,
      authenticator: site.accounts.authenticator(username) !== undefined,
      createdAt,
      phone,
      ...profile,
      avatar: media(profile.avatar),
      cover: media(profile.cover),
    })),
  });
}
