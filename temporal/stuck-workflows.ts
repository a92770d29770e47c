import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { readRefusal } from './read-refusal.ts';

/** The server sets it when workflow tasks have failed several times in a row, and clears it when one succeeds. */
const reportedProblems = defineSearchAttributeKey('TemporalReportedProblems', SearchAttributeType.KEYWORD_LIST);

/** An open workflow that makes no progress, since its code fails at each try. */
export interface StuckWorkflow {
  workflowId: string;
  /** As the server names it: `NonDeterministicError`, `WorkflowWorkerUnhandledFailure` … */
  problem: string;
}

/** The stuck workflows; undefined when the server is too old to tell. */
export async function listStuck(client: Client): Promise<StuckWorkflow[] | undefined> {
  const stuck: StuckWorkflow[] = [];
  try {
    for await (const { workflowId, typedSearchAttributes } of client.workflow.list({
      query: `ExecutionStatus = "Running" AND ${reportedProblems.name} IS NOT NULL`,
    })) {
      stuck.push({ workflowId, problem: readProblem(typedSearchAttributes.get(reportedProblems) ?? []) });
    }
    return stuck;
  } catch (error) {
    if (readRefusal(error) === undefined) throw error;
    return undefined;
  }
}

/** Its values are like `category=WorkflowTaskFailed` and `cause=WorkflowTaskFailedCauseNonDeterministicError`. */
function readProblem(values: string[]): string {
  const said = values.find((value) => value.startsWith('cause=')) ?? values[0] ?? '';
  return said.replace(/^\w+=(WorkflowTask(Failed|TimedOut)Cause)?/, '');
}
