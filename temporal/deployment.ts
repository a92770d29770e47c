import type { Client } from '@temporalio/client';
import { tsToDate } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';

/** The name under which Temporal knows all versions of enlist's workers. */
export const deploymentName = 'enlist';

/** One version of the workers, as Temporal knows it. */
export interface Version {
  buildId: string;
  /** `current` gets new workflows; `draining` still has open ones. */
  status: 'current' | 'draining' | 'drained' | 'inactive';
  since: Date | undefined;
}

const { WorkerDeploymentVersionStatus: statuses } = proto.temporal.api.enums.v1;
const statusNames: Partial<Record<number, Version['status']>> = {
  [statuses.WORKER_DEPLOYMENT_VERSION_STATUS_CURRENT]: 'current',
  [statuses.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINING]: 'draining',
  [statuses.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINED]: 'drained',
};
/** gRPC's status code NOT_FOUND. */
const notFound = 5;

/** Every version whose workers Temporal has seen, the newest first; none when no worker ever had a BUILD_ID. */
export async function listVersions(client: Client): Promise<Version[]> {
  try {
    const { workerDeploymentInfo } = await client.workflowService.describeWorkerDeployment({
      namespace: client.options.namespace,
      deploymentName,
    });
    return (workerDeploymentInfo?.versionSummaries ?? []).map(({ deploymentVersion, status, createTime }) => ({
      buildId: deploymentVersion?.buildId ?? '',
      status: statusNames[status ?? 0] ?? 'inactive',
      since: createTime ? tsToDate(createTime) : undefined,
    }));
  } catch (error) {
    if ((error as { code?: number }).code === notFound) return [];
    throw error;
  }
}

/** From now on workflows start on this version; those that are pinned to another end there. */
export async function makeCurrent(client: Client, buildId: string): Promise<void> {
  await client.workflowService.setWorkerDeploymentCurrentVersion({
    namespace: client.options.namespace,
    deploymentName,
    buildId,
    identity: client.options.identity,
  });
}
