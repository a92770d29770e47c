import { type Flow, isFlow } from '../contracts/flows.ts';

/** The id of a task's workflow (docs/api-contract.md#workflow-ids): at most one open run a task. */
export function taskWorkflowId(flow: Flow, taskId: string): string {
  return `${flow}/${taskId}`;
}

/** The task that a workflow's id names; undefined when it is no task's. */
export function readTaskWorkflowId(workflowId: string): { flow: Flow; taskId: string } | undefined {
  const [, flow, taskId] = /^([^/]+)\/(.+)$/s.exec(workflowId) ?? [];
  return flow && taskId && isFlow(flow) ? { flow, taskId } : undefined;
}

/** The id of the schedule, and of the workflows it starts, that pull a flow's tasks. */
export function pullScheduleId(flow: Flow): string {
  return `pull/${flow}`;
}

/** The id of a site's gate. */
export function siteGateId(domain: string): string {
  return `site/${domain.toLowerCase()}`;
}

/** The id of a mini-app user's registration. */
export function miniAppWorkflowId(shopId: number, zaloUserId: string): string {
  return `mini-app/${shopId}/${zaloUserId}`;
}

/** The id of the workflow that works a podcast request's tasks, the main site's first. */
export function podcastRequestId(requestId: string): string {
  return `podcast-request/${requestId}`;
}
