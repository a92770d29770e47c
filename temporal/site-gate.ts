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

/** Requests a permit of the gate. Idempotent. */
export async function askForPermit(client: Client, domain: string, request: PermitRequest & SitePace): Promise<void> {
  const options = { ...openGate(domain), signal: requestPermit, signalArgs: [request] as [PermitRequest & SitePace] };
  await client.workflow.signalWithStart<Workflows['siteGate'], [PermitRequest & SitePace]>(
    workflows.siteGate.name,
    options,
  );
}

/** Pauses a site, for `forMs` or until it is resumed; steps that are running go on. */
export async function pausePace(client: Client, domain: string, forMs?: number): Promise<void> {
  const options = {
    ...openGate(domain),
    signal: pauseSite,
    signalArgs: (forMs === undefined ? [] : [forMs]) as [forMs?: number],
  };
  await client.workflow.signalWithStart<Workflows['siteGate'], [forMs?: number]>(workflows.siteGate.name, options);
}

/** Ends a pause, whoever made it. @returns whether there was an open gate */
export async function resumePace(client: Client, domain: string): Promise<boolean> {
  try {
    await client.workflow.getHandle(siteGateId(domain)).signal(resumeSite);
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** What the site's gate holds; undefined when it is closed, so nothing waits there. */
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
