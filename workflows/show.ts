import { upsertMemo, workflowInfo } from '@temporalio/workflow';
import type { Shown } from '../temporal/memo.ts';

/**
 * Puts into the memo what people and commands are to see of the workflow; null takes it out. A query would ask a worker,
 * and one that it meets there before the events of the next workflow task leaves a run in the cache that takes them one
 * after another, where a replay takes them together.
 */
export function show<What extends keyof Shown>(what: What, value: Shown[What] | null): void {
  if (JSON.stringify(workflowInfo().memo?.[what] ?? null) !== JSON.stringify(value)) upsertMemo({ [what]: value });
}
