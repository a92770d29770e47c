import {
  type Client,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { HandedStep, HandoffAnswer } from '../contracts/handoff.ts';
import { answerHandoff, searchAttributes, waitsForPerson } from '../contracts/workflows.ts';
import { readMemo } from './memo.ts';

const patienceMs = 10_000;
const waiting = `ExecutionStatus = "Running" AND ${searchAttributes.outcome.name} = "${waitsForPerson}"`;

/** A task that waits for a person; without its step when that could not be read in time. */
export interface WaitingForPerson {
  workflowId: string;
  domain: string;
  handed?: HandedStep;
}

/**
 * The tasks that wait for a person, the one whose time ends first at the head; from Temporal's list, which lags a
 * little behind.
 */
export async function listHandoffs(client: Client): Promise<WaitingForPerson[]> {
  const asked: Promise<WaitingForPerson | undefined>[] = [];
  for await (const { workflowId, runId, typedSearchAttributes } of client.workflow.list({ query: waiting })) {
    const domain = typedSearchAttributes.get(searchAttributes.domain) ?? '';
    // Its wait may have ended since the list was made.
    const read = client
      .withDeadline(Date.now() + patienceMs, () => readHanded(client, workflowId, runId))
      .catch(() => undefined);
    asked.push(
      read.then((handed) => (handed === null ? undefined : { workflowId, domain, ...(handed && { handed }) })),
    );
  }
  const found = (await Promise.all(asked)).filter((one) => one !== undefined);
  return found.sort((one, other) => (one.handed?.until ?? Infinity) - (other.handed?.until ?? Infinity));
}

/** The step of a task that waits for a person; null when none does. */
export async function readHanded(client: Client, workflowId: string, runId?: string): Promise<HandedStep | null> {
  const handle = client.workflow.getHandle(workflowId, runId);
  const described = await handle.describe();
  if (described.typedSearchAttributes.get(searchAttributes.outcome) !== waitsForPerson) return null;
  return readMemo(described, 'handed') ?? null;
}

/**
 * Sends a task a person's answer to the step that waits for them.
 *
 * @returns why it was refused, or undefined when it was accepted
 * @throws NobodyAnswers when no worker took it in time
 */
export async function sendHandoffAnswer(
  client: Client,
  workflowId: string,
  answer: HandoffAnswer,
): Promise<string | undefined> {
  const update = () => client.workflow.getHandle(workflowId).executeUpdate(answerHandoff, { args: [answer] });
  try {
    await client.withDeadline(Date.now() + patienceMs, update);
    return undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'there is no such workflow, or it has ended';
    if (error instanceof WorkflowUpdateFailedError) return error.cause?.message ?? error.message;
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
      throw new NobodyAnswers(`no worker took it in ${patienceMs / 1_000} s`, { cause: error });
    throw error;
  }
}

/** No worker took the answer. */
export class NobodyAnswers extends Error {
  override name = 'NobodyAnswers';
}
