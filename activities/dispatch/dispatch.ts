import type { Client } from '@temporalio/client';
import { type SocialTask, socialTask } from '../../contracts/social.ts';
import type { Sites } from '../../sites/sites-file.ts';
import { countOpen, startTask, type TaskFlow } from '../../temporal/start-task.ts';
import type { AssignClient } from '../assign/client.ts';
import { mostTasks, pullQuery } from './pull-query.ts';

const startsAtOnce = 20;

export interface Dispatching {
  assign: AssignClient;
  sites: Sites;
  client: Client;
  /** At most this many workflows of the flow are open at a time. */
  maxOpen: number;
}

/** What one pull came to. */
export interface Pulled {
  pulled: number;
  started: number;
  /** Tasks whose workflow is open already. */
  open: number;
  /** Tasks of domains that the operator's file does not list, by domain. */
  notEnabled: Record<string, number>;
  /** Tasks that are no tasks: their id, or their place in the list, and what is wrong. */
  malformed: string[];
  /** Tasks left for a later pull, since `maxOpen` workflows are open. */
  held: number;
  /** What the operator should know. */
  warnings: string[];
}

/**
 * Pulls a flow's tasks once and starts a workflow for each that can be worked; one that can't costs only itself.
 * Changes nothing at the manager: the workflows' own `start` takes tasks off the list.
 *
 * @throws NoAnswer when the manager gave no list
 */
export async function dispatch(flow: TaskFlow, { assign, sites, client, maxOpen }: Dispatching, signal?: AbortSignal, onProgress?: () => void): Promise<Pulled> {
  const answer = await assign.list(flow, pullQuery[flow], signal);
  if (answer.kind !== 'ok' || !Array.isArray(answer.data)) {
    throw new Error(`the manager's list of ${flow} tasks is not one: ${answer.kind === 'invalid' ? answer.message : answer.kind}`);
  }
  const { sites: enabled } = await sites.read();
  const domains = new Set(enabled.map((site) => site.domain));
  const result: Pulled = { pulled: answer.data.length, started: 0, open: 0, notEnabled: {}, malformed: [], held: 0, warnings: [] };

  const workable: SocialTask[] = [];
  for (const [index, item] of answer.data.entries()) {
    const parsed = socialTask.safeParse(item);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      const id = (item as { id?: unknown } | null)?.id;
      result.malformed.push(`${typeof id === 'string' ? id : `number ${index + 1}`}: ${issue.path.join('.') || 'task'} ${issue.message}`);
    } else if (!domains.has(parsed.data.domain.toLowerCase())) {
      result.notEnabled[parsed.data.domain] = (result.notEnabled[parsed.data.domain] ?? 0) + 1;
    } else workable.push(parsed.data);
  }

  const room = workable.length > 0 ? Math.max(0, maxOpen - (await countOpen(client, flow))) : 0;
  result.held = Math.max(0, workable.length - room);
  const startable = workable.slice(0, room);
  for (let next = 0; next < startable.length; next += startsAtOnce) {
    signal?.throwIfAborted();
    const batch = startable.slice(next, next + startsAtOnce);
    const ends = await Promise.all(batch.map((task) => startTask(client, flow, { id: task.id, domain: task.domain, requestId: task.request_id })));
    for (const end of ends) result[end] += 1;
    onProgress?.();
  }
  if (result.pulled >= mostTasks && workable.length === 0) {
    result.warnings.push(`the list is full of ${result.pulled} tasks that can't be worked; they hide every task behind them: enable their domains in SITES_FILE, or delete them`);
  }
  return result;
}
