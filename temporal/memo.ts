import type { MemoFields } from '../contracts/workflows.ts';

/** A field of a workflow's memo; undefined when it is not set, or the first workflow task is not over. */
export function readMemo<Field extends keyof MemoFields>(
  { memo }: { memo?: Record<string, unknown> },
  field: Field,
): MemoFields[Field] | undefined {
  return memo?.[field] as MemoFields[Field] | undefined;
}
