import { runStartTask } from './start-task.ts';

await runStartTask(
  'entity',
  'Starts the workflow of one entity task: makes the account, or puts links on its profile, by the status it waits in.',
);
