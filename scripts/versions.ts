import Table from 'cli-table3';
import { listVersions, makeCurrent } from '../temporal/deployment.ts';
import { CommandError, makeCommand, runCommand, withClient } from './command.ts';

const program = makeCommand(
  'versions',
  "Shows the versions of the workers' code that Temporal knows, and makes one of them current.",
);

program
  .command('list')
  .description(
    'every version: current, draining (workflows of its own are open), drained (its workers can be stopped), or inactive',
  )
  .action(() =>
    withClient(async (client) => {
      const table = new Table({ head: ['build id', 'status', 'since'], style: { head: [], border: [] } });
      for (const { buildId, status, since } of await listVersions(client))
        table.push([buildId, status, since?.toISOString() ?? '']);
      process.stdout.write(`${table.toString()}\n`);
    }),
  );

program
  .command('make-current <build-id>')
  .description('start workflows on this version from now on; those that are open go on where they are')
  .action((buildId: string) =>
    withClient(async (client) => {
      const versions = await listVersions(client);
      if (!versions.some((version) => version.buildId === buildId)) {
        const known =
          versions.length > 0
            ? `known are ${versions.map((version) => version.buildId).join(', ')}`
            : 'no worker has had one';
        throw new CommandError(
          `no worker with the BUILD_ID ${buildId} has polled (${known}): start one with BUILD_ID=${buildId} npm run worker`,
        );
      }
      await makeCurrent(client, buildId);
      process.stdout.write(`${buildId} is current\n`);
    }),
  );

await runCommand(program);
