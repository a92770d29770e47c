import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Flow } from '../contracts/flows.ts';
import { type Workflows, workflows } from '../contracts/workflows.ts';
import { taskQueues } from './task-queues.ts';
import { pullScheduleId } from './workflow-ids.ts';

/** Makes the schedule that pulls a flow's tasks, or sets an existing one to the interval, in ms. */
export async function makeSchedule(client: Client, flow: Flow, every: number): Promise<'made' | 'updated'> {
  const schedule = {
    spec: { intervals: [{ every }] },
    action: {
      type: 'startWorkflow' as const,
      workflowType: workflows.pullTasks.name,
      workflowId: pullScheduleId(flow),
      taskQueue: taskQueues.workflows,
      args: [flow] satisfies Parameters<Workflows['pullTasks']>,
    },
    // A pull that takes longer than the interval may finish; missed ones are not caught up on.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: Math.max(every, 10_000) },
  };
  try {
    await client.schedule.create({ scheduleId: pullScheduleId(flow), ...schedule });
    return 'made';
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(pullScheduleId(flow)).update((previous) => ({ ...previous, ...schedule }));
    return 'updated';
  }
}
