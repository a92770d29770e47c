import type { MemoFields } from '../contracts/workflows.ts';

/** What a workflow shows in its memo; undefined when it shows nothing of it, or its first workflow task is not over. */
export function readMemo<Field extends keyof MemoFields>(
  { memo }: { memo?: Record<string, unknown> },
  field: Field,
): MemoFields[Field] | undefined {
  return memo?.[field] as MemoFields[Field] | undefined;
}
