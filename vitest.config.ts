import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { variables } from './config/variables.ts';

// Tests set what they need themselves: an operator's Temporal, database or keys are not for them. BROWSER_PATH stays, since
// it may be the only browser that this machine has.
for (const name of Object.keys(process.env)) {
  if (name.startsWith('TEMPORAL_') || (name in variables && name !== 'BROWSER_PATH')) delete process.env[name];
}
process.env.NODE_ENV = 'test';

const heavy = [
  'test/sites/{mediawiki,dokuwiki,wordpress,ikiwiki}/{recipe,server}.test.ts',
  'test/sites/kit/{forms,pages}.test.ts',
  'test/sites/practice/**/*.test.ts',
  'test/docs/roundup.test.ts',
  'test/scripts/site/commands.test.ts',
  'test/services/browser/run-step.test.ts',
  'test/services/mailbox/mail-host.test.ts',
  'test/e2e/**/*.test.ts',
  'test/chaos/**/*.test.ts',
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
          name: 'light',
          include: ['test/**/*.test.ts'],
          exclude: heavy,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        // Each starts browsers and servers of its own.
        test: {
          name: 'heavy',
          include: heavy,
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
