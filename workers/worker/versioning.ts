import type { WorkerOptions } from '@temporalio/worker';
import { deploymentName } from '../../temporal/deployment.ts';

/**
 * Workers with a build id share the work with those of other versions: a task's workflow ends on the version that it began
 * with, and new ones begin on the one that was made current. Those that are open for long say so themselves, and move on.
 */
export function versioning(buildId: string | undefined): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (buildId === undefined) return {};
  return {
    workerDeploymentOptions: {
      useWorkerVersioning: true,
      version: { deploymentName, buildId },
      defaultVersioningBehavior: 'PINNED',
    },
  };
}
