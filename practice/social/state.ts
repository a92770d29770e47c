import type { Profile } from '../site/accounts.ts';
import type { Site } from '../site/pages.ts';
import { type AccountState, mediaUrl, readAccount, readSite, type SiteState } from '../site/state.ts';
import type { Behaviour } from './behaviour.ts';

/** `avatar` and `cover` are addresses here. */
interface SocialAccountState extends AccountState, Profile {}

export interface SocialState extends SiteState<Behaviour> {
  accounts: SocialAccountState[];
}

export function readState(site: Site<Behaviour>): SocialState {
  const media = (file: string | undefined) => (file === undefined ? undefined : mediaUrl(site, file));
  return {
    ...readSite(site),
    accounts: site.accounts.all().map((account) => ({
      ...readAccount(site, account),
      ...structuredClone(account.profile),
      avatar: media(account.profile.avatar),
      cover: media(account.profile.cover),
    })),
  };
}
