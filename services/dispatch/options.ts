import { readEnvironment } from '../../config/environment.ts';
import type { Dispatching } from './dispatch.ts';

/** What the environment sets for pulls (docs/api-contract.md#dispatch-settings). @throws EnvironmentError */
export function readDispatchOptions(): Pick<Dispatching, 'maxOpen' | 'mainDomains' | 'podcast'> {
  const { MAX_OPEN, PODCAST_MAIN_DOMAINS, PODCAST_MAIN_WAIT, PODCAST_AT_ONCE } = readEnvironment(
    'MAX_OPEN',
    'PODCAST_MAIN_DOMAINS',
    'PODCAST_MAIN_WAIT',
    'PODCAST_AT_ONCE',
  );
  return {
    maxOpen: MAX_OPEN,
    mainDomains: PODCAST_MAIN_DOMAINS,
    podcast: { mainWaitMs: PODCAST_MAIN_WAIT, atOnce: PODCAST_AT_ONCE },
  };
}
