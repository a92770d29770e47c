import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { variables } from './config/variables.ts';

// Tests set what they need themselves: an operator's Temporal, database or keys are not for them. BROWSER_PATH stays, since
// it may be the only browser that this machine has.
for (const name of Object.keys(process.env)) {
  if (name.startsWith('TEMPORAL_') || (name in variables && name !== 'BROWSER_PATH')) delete process.env[name];
}
process.env.NODE_ENV = 'test';

/** `npm run test:unit`: every test file that is in neither of the lists below. It starts nothing outside its process. */
const unit = ['test/**/*.test.ts'];

/** `npm test`: these besides. They start Temporal, databases and processes, two files at a time. */
const integration = [
  'test/{workflows,manager,replay,temporal}/**/*.test.ts',
  'test/activities/manager.test.ts',
  'test/config/key-ring.test.ts',
  'test/practice/process.test.ts',
  'test/scripts/{dev,doctor}/**/*.test.ts',
  'test/services/dispatch/dispatch.test.ts',
  'test/services/mailbox/mailbox.test.ts',
  'test/sites/loader/recipes.test.ts',
];

/** `npm test`: and these, one file at a time, since each starts a browser or workers, or needs a whole processor. */
const alone = [
  'test/e2e/{social,entity,podcast,mini-app}.test.ts',
  'test/docs/add-a-flow.test.ts',
  'test/practice/{browser,podcast-browser}.test.ts',
  'test/services/browser/run-step.test.ts',
  'test/sites/kit/{forms,pages}.test.ts',
  'test/workers/**/*.test.ts',
];

/** `npm run test:all`: these besides. Real platforms, the chaos run, and whatever else takes long. */
const long = [
  'test/{chaos,e2e}/**/*.test.ts',
  'test/docs/roundup.test.ts',
  'test/scripts/site/commands.test.ts',
  'test/services/mailbox/mail-host.test.ts',
  'test/sites/!(kit|loader|practice)/{recipe,server}.test.ts',
  'test/sites/practice/**/*.test.ts',
];

export default defineConfig({
  // As tsconfig.json's paths say it to tsx.
  resolve: { alias: { 'enlist/kit': fileURLToPath(new URL('./sites/kit/index.ts', import.meta.url)) } },
  test: {
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: unit,
          exclude: [...integration, ...alone, ...long],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: integration,
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: alone,
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        // Each starts browsers and servers of its own.
        test: {
          name: 'long',
          include: long,
          exclude: [...integration, ...alone],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
