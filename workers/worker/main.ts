import { Command, Option } from 'commander';
import { loadRunEnvironment } from '../../config/run-environment.ts';
import { type TaskQueue, taskQueues } from '../../temporal/task-queues.ts';

const names = Object.keys(taskQueues) as TaskQueue[];

const program = new Command('npm run worker --')
  .description("Runs enlist's workers until Ctrl-C or SIGTERM, then lets the steps under way end.")
  .addOption(new Option('--queue <name>', 'only the worker of one task queue').choices(names))
  .action(async ({ queue }: { queue?: TaskQueue }) => {
    loadRunEnvironment();
    const { runWorkers } = await import('./run-workers.ts');
    await runWorkers(queue ? [queue] : names);
  });

program.parseAsync().catch((error: unknown) => {
  const { name, message, stack } = error as Error;
  process.stderr.write(`${name === 'Error' ? (stack ?? message) : message}\n`);
  process.exit(1);
});
