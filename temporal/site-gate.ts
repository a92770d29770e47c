import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { GateView, PermitRequest } from '../contracts/pace.ts';
import { readShown } from './memo.ts';
import { taskQueues } from './task-queues.ts';
import { siteGateId } from './workflow-ids.ts';

/** Signals a site's gate, and opens it when it is closed. */
function signalGate(client: Client, domain: string, signal: 'requestPermit' | 'pauseSite', ...signalArgs: unknown[]): Promise<unknown> {
  return client.workflow.signalWithStart('siteGate', {
    workflowId: siteGateId(domain),
    taskQueue: taskQueues.workflows,
    staticSummary: `pace of ${domain}`,
    signal,
    signalArgs,
  });
}

/** Tells the gate that a step wants to act. Repeating it asks once. */
export async function requestPermit(client: Client, domain: string, wish: PermitRequest): Promise<void> {
  await signalGate(client, domain, 'requestPermit', wish);
}

/** From now on no step may begin at the site, for so many ms or until it is resumed; what is under way goes on. */
export async function pauseSite(client: Client, domain: string, forMs?: number): Promise<void> {
  await signalGate(client, domain, 'pauseSite', ...(forMs === undefined ? [] : [forMs]));
}

/** Ends a pause, whoever made it. @returns whether there was a gate to tell */
export async function resumeSite(client: Client, domain: string): Promise<boolean> {
  try {
    await client.workflow.getHandle(siteGateId(domain)).signal('resumeSite');
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** What the site's gate has on its hands; undefined when it is closed, since nothing waits there. */
export async function readGate(client: Client, domain: string): Promise<GateView | undefined> {
  const workflowId = siteGateId(domain);
  try {
    const described = await client.workflow.getHandle(workflowId).describe();
    if (described.status.name !== 'RUNNING') return undefined;
    // A run of before, or one whose first workflow task is not over, shows nothing.
    return readShown(described, 'gate') ?? (await client.workflow.getHandle(workflowId, described.runId).query<GateView>('gateView'));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
