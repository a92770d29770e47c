import { runStartTask } from './start-task.ts';

await runStartTask('social', 'register', 'Starts the workflow that makes one social account and reports it.');
