import { demonstrationMainDomains } from './demonstration.ts';
import { localUrl } from './ports.ts';
import { readOrMakeKeys } from './run-files.ts';
import type { Temporal } from './start-temporal.ts';
import { signTokenSeller } from './token-seller.ts';

/** The shop of the demonstration's mini app. */
export const demonstrationShop = 1001;

export type Keys = ReturnType<typeof readKeys>;

/** The keys of the demonstration's processes, those of an earlier run in this folder where there was one. */
export function readKeys(dataDir: string) {
  return readOrMakeKeys(dataDir, [
    'ASSIGN_API_KEY',
    'ASSIGN_ADMIN_KEY',
    'MINIAPP_TOKEN_SECRET',
    'CODEC_TOKEN',
    'PRACTICE_TOKEN',
    'PRACTICE_MAIL_PASSWORD',
  ]);
}

/** What the processes are started with, and what other commands find in `run.env`. */
export async function makeProcessEnvironment(
  keys: Keys,
  temporal: Temporal,
  { managerPort, codecPort, sitesFile }: { managerPort: number; codecPort: number; sitesFile: string },
) {
  return {
    ...temporal.env,
    ...keys,
    ASSIGN_URL: localUrl(managerPort),
    MINIAPP_TOKEN_SELLER: await signTokenSeller(keys.MINIAPP_TOKEN_SECRET, demonstrationShop),
    MINIAPP_SHOP_ID: String(demonstrationShop),
    PORT: String(managerPort),
    CODEC_PORT: String(codecPort),
    CODEC_ORIGINS: temporal.ui,
    SITES_FILE: sitesFile,
    ASSETS_ALLOW: '127.0.0.0/8',
    PODCAST_MAIN_DOMAINS: demonstrationMainDomains.join(','),
  };
}
