import type { AdminClient } from '../../../services/manager-client/admin-client.ts';
import type { DemonstrationRequest } from './demonstration.ts';
import { say } from './say.ts';
import { judge, showProgress, writeTable } from './show-progress.ts';

/** How long the tasks of one request may take in all. */
const patienceMs = 8 * 60_000;

/** A request that the manager has. */
type MadeRequest = DemonstrationRequest & { id: string };

export function makeRequests(admin: AdminClient, requests: DemonstrationRequest[]): Promise<MadeRequest[]> {
  return Promise.all(requests.map(async (one) => ({ ...one, id: await admin.makeRequest(one.request) })));
}

/** Shows how each request's tasks go on and end; gives whether each ended as it was meant to. */
export async function followRequests(
  admin: AdminClient,
  requests: MadeRequest[],
  signal: AbortSignal,
): Promise<boolean> {
  let allAsMeant = true;
  for (const { title, id, meant } of requests) {
    say(title);
    await showProgress(admin, id, meant, patienceMs, signal);
    const judged = await judge(admin, id, meant);
    allAsMeant &&= judged.every(({ asMeant }) => asMeant);
    say(`\n${writeTable(judged)}\n`);
  }
  return allAsMeant;
}
