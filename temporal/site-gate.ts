import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { GateView, PermitRequest, SitePace } from '../contracts/pace.ts';
import { pauseSite, requestPermit, resumeSite, type Workflows, workflows } from '../contracts/workflows.ts';
import { readMemo } from './memo.ts';
import { taskQueues } from './task-queues.ts';
import { siteGateId } from './workflow-ids.ts';

/** How a gate is opened when it is closed. */
const openGate = (domain: string) => ({
  workflowId: siteGateId(domain),
  taskQueue: taskQueues.workflows,
  args: [] as [],
  staticSummary: `pace of ${domain}`,
});

/** Tells the gate that a step wants to act. Repeating it asks once. */
export async function askForPermit(client: Client, domain: string, request: PermitRequest & SitePace): Promise<void> {
  const options = { ...openGate(domain), signal: requestPermit, signalArgs: [request] as [PermitRequest & SitePace] };
  await client.workflow.signalWithStart<Workflows['siteGate'], [PermitRequest & SitePace]>(
    workflows.siteGate.name,
    options,
  );
}

/** From now on no step may begin at the site, for so many ms or until it is resumed; what is under way goes on. */
export async function pausePace(client: Client, domain: string, forMs?: number): Promise<void> {
  const options = {
    ...openGate(domain),
    signal: pauseSite,
    signalArgs: (forMs === undefined ? [] : [forMs]) as [forMs?: number],
  };
  await client.workflow.signalWithStart<Workflows['siteGate'], [forMs?: number]>(workflows.siteGate.name, options);
}

/** Ends a pause, whoever made it. @returns whether there was a gate to tell */
export async function resumePace(client: Client, domain: string): Promise<boolean> {
  try {
    await client.workflow.getHandle(siteGateId(domain)).signal(resumeSite);
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** What the site's gate holds; undefined when it is closed, since nothing waits there. */
export async function readGate(client: Client, domain: string): Promise<GateView | undefined> {
  const workflowId = siteGateId(domain);
  try {
    const described = await client.workflow.getHandle(workflowId).describe();
    if (described.status.name !== 'RUNNING') return undefined;
    return readMemo(described, 'gate');
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
