import { readEnvironment } from '../../config/environment.ts';
import type { AppOptions } from '../../manager/http/app.ts';

/** What an operator gets who sets nothing, but for the limit of calls. */
export function appDefaults(): Pick<AppOptions, 'mainDomains' | 'retryDelay' | 'registerWait' | 'rateLimit'> {
  const { PODCAST_MAIN_DOMAINS, RETRY_DELAY, REGISTER_WAIT } = readEnvironment(
    'PODCAST_MAIN_DOMAINS',
    'RETRY_DELAY',
    'REGISTER_WAIT',
  );
  return { mainDomains: PODCAST_MAIN_DOMAINS, retryDelay: RETRY_DELAY, registerWait: REGISTER_WAIT, rateLimit: 'off' };
}
