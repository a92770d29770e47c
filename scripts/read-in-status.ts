import type { Flow } from '../contracts/flows.ts';
import type { Answer, TaskClient } from '../services/manager-client/task-client.ts';

/** Reads a task that is in one of the statuses. @returns the status that it is in, or a mismatch when it is in none of them */
export async function readInStatus(
  client: TaskClient,
  flow: Flow,
  id: string,
  statuses: string[],
): Promise<{ status: string; answer: Answer }> {
  const [status, ...others] = statuses as [string, ...string[]];
  const answer = await client.read(flow, id, status);
  return answer.kind === 'mismatch' && others.length > 0 ? readInStatus(client, flow, id, others) : { status, answer };
}
