import type { Client } from '@temporalio/client';
import type { Sites } from '../config/sites-file.ts';
import type { PermitRequest } from '../contracts/pace.ts';
import { askForPermit } from '../temporal/site-gate.ts';
import { makeFailure } from './failure.ts';

export function createPaceActivities({ client, sites }: { client: Client; sites: Sites }) {
  return {
    /** Requests a permit of the site's gate, which is opened when it is closed. Idempotent. */
    async requestPermit(domain: string, request: PermitRequest): Promise<void> {
      const site = await sites.find(domain);
      if (!site) throw makeFailure('NotEnabled', `${domain} is not listed in SITES_FILE`, { submitted: false });
      const { every, atOnce } = site;
      await askForPermit(client, domain, { ...request, every, atOnce });
    },
  };
}

export type PaceActivities = ReturnType<typeof createPaceActivities>;
