import type { z } from 'zod';
import { type RunningSite, siteOptions, startSite } from '../site/start-site.ts';
import { type Behaviour, behaviour } from './behaviour.ts';
import { publicRoutes } from './public.ts';
import { largest, settingsRoutes, uploadRoute } from './settings.ts';
import { readState, type SocialState } from './state.ts';

export const socialOptions = siteOptions.extend({ behaviour: behaviour.optional() });
export type SocialSiteOptions = z.input<typeof socialOptions>;
export type SocialSite = RunningSite<Behaviour, SocialState>;

/** Starts a practice social site on loopback. @throws ZodError for wrong options, Error when the port is taken. */
export async function startSocialSite(options: SocialSiteOptions): Promise<SocialSite> {
  return startSite(socialOptions.parse(options), {
    behaviour,
    upload: { route: uploadRoute, largest: largest.cover },
    nav: ({ username }) => [
      { text: 'Profile', href: `/u/${username}` },
      { text: 'Settings', href: '/settings/profile' },
    ],
    next: { text: 'Fill in your profile', href: '/settings/profile' },
    routes(app, site) {
      publicRoutes(app, site);
      settingsRoutes(app, site);
    },
    readState,
  });
}
