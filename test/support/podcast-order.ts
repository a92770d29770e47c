import type proto from '@temporalio/proto';
import type { KeyRing } from '../../config/key-ring.ts';
import { EncryptionCodec } from '../../temporal/codec.ts';

type History = proto.temporal.api.history.v1.IHistory;

/** What a request's workflow did with its children, in the order of its history. */
export interface ChildStep {
  did: 'started' | 'ended';
  /** The child's task. */
  id: string;
  outcome?: string;
}

/** Reads the children's starts and ends out of a request's histories, the runs in their order. */
export async function readChildSteps(histories: History[], keys: KeyRing): Promise<ChildStep[]> {
  const codec = new EncryptionCodec(keys);
  const taskOf = (workflowId?: string | null) => String(workflowId).slice('podcast/'.length);
  const steps: ChildStep[] = [];
  for (const event of histories.flatMap(({ events }) => events ?? [])) {
    const {
      startChildWorkflowExecutionInitiatedEventAttributes: started,
      childWorkflowExecutionCompletedEventAttributes: ended,
    } = event;
    if (started) steps.push({ did: 'started', id: taskOf(started.workflowId) });
    if (ended) {
      const [payload] = await codec.decode(ended.result?.payloads ?? []);
      const { outcome } = JSON.parse(Buffer.from(payload!.data!).toString('utf8')) as { outcome: string };
      steps.push({ did: 'ended', id: taskOf(ended.workflowExecution?.workflowId), outcome });
    }
  }
  return steps;
}

/** The sub-sites' tasks whose workflows were started before any main site's had completed. */
export function findEarlySubs(steps: ChildStep[], isMain: (id: string) => boolean): string[] {
  const released = steps.findIndex(({ did, id, outcome }) => did === 'ended' && isMain(id) && outcome === 'completed');
  return steps
    .filter(({ did, id }, index) => did === 'started' && !isMain(id) && (released < 0 || index < released))
    .map(({ id }) => id);
}
