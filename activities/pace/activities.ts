import { ApplicationFailure } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { FailureKind } from '../../contracts/outcomes.ts';
import type { PermitRequest } from '../../contracts/pace.ts';
import type { Sites } from '../../sites/sites-file.ts';
import { requestPermit } from '../../temporal/site-gate.ts';

/** A wish without the site's settings, which are read when it is made known. */
export type PermitWish = Omit<PermitRequest, 'every' | 'atOnce'>;

export function createPaceActivities({ client, sites }: { client: Client; sites: Sites }) {
  return {
    /** Tells the site's gate that a step wants to act, and opens the gate when it is closed. Repeating it asks once. */
    async requestPermit(domain: string, wish: PermitWish): Promise<void> {
      const site = await sites.find(domain);
      if (!site) {
        throw ApplicationFailure.create({ type: 'NotEnabled' satisfies FailureKind, message: `${domain} is not listed in SITES_FILE`, details: [{ submitted: false }] });
      }
      const { every, atOnce } = site;
      await requestPermit(client, domain, { ...wish, every, atOnce });
    },
  };
}

export type PaceActivities = ReturnType<typeof createPaceActivities>;
