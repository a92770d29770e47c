import { upsertMemo, workflowInfo } from '@temporalio/workflow';
import type { MemoFields } from '../contracts/workflows.ts';

/**
 * Puts into the memo what people and commands are to see of the workflow; null takes it out. A query would ask a worker,
 * and one that it meets there before the events of the next workflow task leaves a run in the cache that takes them one
 * after another, where a replay takes them together.
 */
export function setMemo<Field extends keyof MemoFields>(field: Field, value: MemoFields[Field] | null): void {
  if (JSON.stringify(workflowInfo().memo?.[field] ?? null) !== JSON.stringify(value)) upsertMemo({ [field]: value });
}
