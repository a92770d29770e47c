import type { Sites } from '../../config/sites-file.ts';
import type { Flow } from '../../contracts/flows.ts';
import type { TaskClient } from '../manager-client/task-client.ts';
import { type ListedTask, mostTasks, type WaitingList } from './waiting-lists.ts';

/** A manager's list, sorted by what can be done with it. */
export interface SortedList<Task> {
  /** How many entries it had. */
  length: number;
  workable: Task[];
  /** The domains, one for each task, that the operator's file does not list. */
  notEnabled: string[];
  /** Malformed tasks: their id, or their place in the list, and what is wrong. */
  malformed: string[];
}

/**
 * Pulls one list of a flow's tasks. Changes nothing at the manager.
 *
 * @throws NoAnswer when the manager gave no answer, Error when the answer is not a list
 */
export async function readList<Task extends ListedTask>(
  flow: Flow,
  { status, schema }: WaitingList<Task>,
  { assign, sites }: { assign: TaskClient; sites: Sites },
  signal?: AbortSignal,
): Promise<SortedList<Task>> {
  const answer = await assign.list(flow, { limit: String(mostTasks), ...(status !== undefined && { status }) }, signal);
  if (answer.kind !== 'ok' || !Array.isArray(answer.data)) {
    throw new Error(
      `the manager's list of ${flow} tasks is not one: ${answer.kind === 'invalid' ? answer.message : answer.kind}`,
    );
  }
  const enabled = new Set((await sites.read()).sites.map((site) => site.domain));
  const sorted: SortedList<Task> = { length: answer.data.length, workable: [], notEnabled: [], malformed: [] };
  for (const [index, item] of answer.data.entries()) {
    const parsed = schema.safeParse(item);
    if (!parsed.success) {
      const [problem = 'task is malformed'] = parsed.error.issues.map(
        (issue) => `${issue.path.join('.') || 'task'} ${issue.message}`,
      );
      const id = (item as { id?: unknown } | null)?.id;
      sorted.malformed.push(`${typeof id === 'string' ? id : `number ${index + 1}`}: ${problem}`);
    } else if (enabled.has(parsed.data.domain.toLowerCase())) sorted.workable.push(parsed.data);
    else sorted.notEnabled.push(parsed.data.domain);
  }
  return sorted;
}
