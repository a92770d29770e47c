// Run by temporal.mjs in a process of its own, once node_modules is there: the SDK downloads a server only to start it.
// Arguments: `dev-server` or `time-skipping`, the release, the folder to download to.
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [kind, version, downloadDir] = process.argv.slice(2);
const server = { executable: { type: 'cached-download', version: `v${version}`, downloadDir } };
const environment =
  kind === 'dev-server'
    ? await TestWorkflowEnvironment.createLocal({ server })
    : await TestWorkflowEnvironment.createTimeSkipping({ server });
await environment.teardown();
