import type { Account } from './accounts.ts';
import type { Behaviour } from './behaviour.ts';
import type { Counts } from './counts.ts';
import type { Site } from './pages.ts';

/** A site as its operator sees it; no password, secret, code or session. */
export interface SiteState<Wanted extends Behaviour = Behaviour> {
  domain: string;
  behaviours: { site: Wanted; accounts: Record<string, Wanted> };
  counts: Counts & { accountsMade: number };
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
}

export function readSite<Wanted extends Behaviour>(site: Site<Wanted>): SiteState<Wanted> {
  return structuredClone({
    domain: site.domain,
    behaviours: site.behaviours.list(),
    counts: { ...site.counts, accountsMade: site.counts.signUpSubmits.filter((submit) => submit.made).length },
  });
}

export function readAccount(site: Site, account: Account): AccountState {
  const { username, email, phone, createdAt, proofHash, profile } = account;
  return {
    username,
    email,
    confirmed: proofHash === undefined,
    authenticator: site.accounts.authenticator(username) !== undefined,
    createdAt,
    firstName: profile.firstName,
    lastName: profile.lastName,
    phone,
  };
}

/** The address of an uploaded file. */
export function mediaUrl(site: Site, file: string): string {
  return `${site.url}/media/${file}`;
}
