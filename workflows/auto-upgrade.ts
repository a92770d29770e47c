import { setWorkflowOptions, type Workflow, workflowInfo } from '@temporalio/workflow';

/**
 * Marks a workflow that may be open for long: it goes on with new code when a version is rolled out, instead of ending on
 * the one it began with. Workers without a build id know no versions, and the server refuses what such a worker says of them.
 */
export function autoUpgrade(workflow: Workflow): void {
  setWorkflowOptions(
    () => (workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {}),
    workflow,
  );
}
