import type { Client } from '@temporalio/client';
import { expect, vi } from 'vitest';

/** What `look` gives, which must ask no workflow: a query at the wrong moment spoils its run (see workflows/set-memo.ts). */
export async function withoutQuery<Result>({ workflowService }: Client, look: () => Promise<Result>): Promise<Result> {
  const asked = vi.spyOn(workflowService, 'queryWorkflow');
  try {
    const result = await look();
    expect(asked).not.toHaveBeenCalled();
    return result;
  } finally {
    asked.mockRestore();
  }
}
