import type { Client, WorkflowClientInterceptor } from '@temporalio/client';
import type proto from '@temporalio/proto';

/** The time-skipping server keeps upserted memos in the history only; this shows them where the ordinary one does. */
export function showUpsertedMemo(getClient: () => Client): WorkflowClientInterceptor {
  return {
    async describe(input, next) {
      const described = await next(input);
      const execution = described.workflowExecutionInfo?.execution;
      if (!execution?.workflowId) return described;
      const handle = getClient().workflow.getHandle(execution.workflowId, execution.runId ?? undefined);
      const { events } = await handle.fetchHistory();
      const fields: Record<string, proto.temporal.api.common.v1.IPayload> = {};
      for (const { workflowPropertiesModifiedEventAttributes: modified } of events ?? []) {
        Object.assign(fields, modified?.upsertedMemo?.fields);
      }
      const info = described.workflowExecutionInfo!;
      info.memo = { fields: { ...info.memo?.fields, ...fields } };
      return described;
    },
  };
}
