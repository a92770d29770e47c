import { setWorkflowOptions, type Workflow, workflowInfo } from '@temporalio/workflow';

/**
 * Marks a long-running workflow: it moves to the new code when a version is rolled out, instead of ending on the one it
 * began with. Workers without a build id have no versions, and the server refuses a versioning behaviour from them.
 */
export function autoUpgrade(workflow: Workflow): void {
  setWorkflowOptions(
    () => (workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {}),
    workflow,
  );
}
