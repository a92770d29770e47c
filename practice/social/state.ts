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
  return {
    ...readSite(site),
    accounts: site.accounts.all().map((account) => {
      const { avatar, cover, ...profile } = structuredClone(account.profile);
      return {
        ...readAccount(site, account),
        ...profile,
        ...(avatar !== undefined && { avatar: mediaUrl(site, avatar) }),
        ...(cover !== undefined && { cover: mediaUrl(site, cover) }),
      };
    }),
  };
}
