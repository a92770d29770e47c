import type proto from '@temporalio/proto';
import { taskWorkflows } from '../../contracts/flows.ts';
import { workflows } from '../../contracts/workflows.ts';
import { ofTypes } from '../../temporal/list-query.ts';
import { atOnce, type EnlistUnderFaults } from './enlist-under-faults.ts';

type History = proto.temporal.api.history.v1.IHistory;

/** The steps that act on a site, each with a permit of its gate. */
const siteSteps = new Set([
  'createAccount',
  'lookFor',
  'confirmEmail',
  'signIn',
  'answerSignIn',
  'addLinks',
  'updateProfile',
  'makeShow',
  'importFeed',
  'confirmImport',
]);

interface Stay {
  workflowId: string;
  step: string;
  from: number;
  to: number;
}

const read = (time: { seconds?: unknown; nanos?: number | null } | null | undefined) =>
  Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6;

/** When each step of a workflow was at its site, by Temporal's clock: from its schedule to its end, whichever that was. */
function readStays(workflowId: string, { events }: History): Stay[] {
  const open = new Map<string, Stay>();
  const stays: Stay[] = [];
  for (const event of events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled && siteSteps.has(scheduled.activityType?.name ?? '')) {
      open.set(String(event.eventId), {
        workflowId,
        step: scheduled.activityType!.name!,
        from: read(event.eventTime),
        to: Infinity,
      });
    }
    const ended =
      event.activityTaskCompletedEventAttributes ??
      event.activityTaskFailedEventAttributes ??
      event.activityTaskTimedOutEventAttributes ??
      event.activityTaskCanceledEventAttributes;
    const stay = open.get(String(ended?.scheduledEventId));
    if (stay) stays.push({ ...stay, to: read(event.eventTime) });
  }
  return stays;
}

/** Where more steps were at a site at a time than its permits allow. */
export function judgePermits(histories: { workflowId: string; domain: string; history: History }[]): {
  exceeded: string[];
  peak: number;
} {
  let peak = 0;
  const domains = new Set(histories.map(({ domain }) => domain));
  const exceeded = [...domains].flatMap((domain) => {
    const stays = histories
      .filter((one) => one.domain === domain)
      .flatMap(({ workflowId, history }) => readStays(workflowId, history));
    return stays.flatMap((stay) => {
      const others = stays.filter((other) => other.from <= stay.from && stay.from < other.to);
      peak = Math.max(peak, others.length);
      return others.length > atOnce
        ? [`${domain}: ${others.map(({ workflowId, step }) => `${workflowId} ${step}`).join(', ')} at once`]
        : [];
    });
  });
  return { exceeded, peak };
}

/** How often steps were cut off, and how often a site was looked at for an account that may have been made. */
export function countLost(histories: { history: History }[]): { timedOut: number; looks: number } {
  const events = histories.flatMap(({ history }) => history.events ?? []);
  return {
    timedOut: events.filter(({ activityTaskTimedOutEventAttributes: timedOut }) => timedOut).length,
    looks: events.filter(
      ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === 'lookFor',
    ).length,
  };
}

/** Every task's workflows of a run, closed or not, whole. */
export async function readHistories(
  { client }: Pick<EnlistUnderFaults, 'client'>,
  domainOf: (taskId: string) => string | undefined,
) {
  const histories: { workflowId: string; domain: string; history: History }[] = [];
  for await (const { workflowId, runId } of client.workflow.list({
    query: ofTypes([...taskWorkflows, workflows.podcastRequest.name, workflows.miniAppRegister.name]),
  })) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    histories.push({ workflowId, domain: domainOf(workflowId.slice(workflowId.indexOf('/') + 1)) ?? 'none', history });
  }
  return histories;
}
