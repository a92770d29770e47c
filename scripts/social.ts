import { runStartTask } from './start-task.ts';

await runStartTask('social', 'Starts the workflow that makes one social account and reports it.');
