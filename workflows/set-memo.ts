import { upsertMemo, workflowInfo } from '@temporalio/workflow';
import type { MemoFields } from '../contracts/workflows.ts';

/**
 * Sets what people and commands can read of the workflow in its memo; null removes it. Memos instead of queries, since
 * a query that reaches a worker before the events of the next workflow task makes its cached run apply them one by one,
 * where a replay applies them together (docs/decisions/0004-memos-instead-of-queries.md).
 */
export function setMemo<Field extends keyof MemoFields>(field: Field, value: MemoFields[Field] | null): void {
  if (JSON.stringify(workflowInfo().memo?.[field] ?? null) !== JSON.stringify(value)) upsertMemo({ [field]: value });
}
