import type { WorkerOptions } from '@temporalio/worker';
import { deploymentName } from '../../temporal/deployment.ts';

/**
 * Workers with a build id run beside those of other versions: a task's workflow ends on the version that it began with,
 * and new ones begin on the current version. Long-running workflows move to it by themselves
 * (workflows/auto-upgrade.ts).
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
