import { builtinModules } from 'node:module';
import importSort from 'eslint-plugin-simple-import-sort';
import temporal from 'eslint-plugin-temporal';
import tseslint from 'typescript-eslint';

const { plugins, rules } = temporal.configs.recommended;
/** What the plugin is sure of. The rest of its list are matters of taste, and it takes every exported function for a workflow or an activity. */
const temporalRules = {
  ...Object.fromEntries(Object.entries(rules).filter(([, level]) => level === 'error')),
  // It takes setHandler for a promise; the typed rule knows better.
  'temporal/workflow-no-floating-promises': 'off',
};

/** Workflows run again from their history: what they import must be pure, and small, since it is bundled. */
const forbiddenInWorkflows = {
  paths: builtinModules.map((name) => ({ name, message: 'A workflow has no Node modules: do it in an activity.' })),
  patterns: [
    { group: ['node:*'], message: 'A workflow has no Node modules: do it in an activity.' },
    {
      group: ['zod', 'zod/*'],
      message: 'zod makes the bundle too big: check values in activities or before the start.',
    },
    {
      group: ['**/contracts/*', '!**/contracts/workflows.ts', '!**/contracts/flows.ts', '**/activities/**'],
      allowTypeImports: true,
      message: 'Only types: import type.',
    },
  ],
};

export default tseslint.config(
  { ignores: ['node_modules/', 'bench/', 'build/', '.data/', '.tools/'] },
  {
    languageOptions: { parserOptions: { tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
  },

  {
    files: ['**/*.ts', '**/*.mts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-sort': importSort },
    rules: {
      eqeqeq: 'error',
      'import-sort/imports': ['error', { groups: [['^\\u0000', '^node:', '^@?\\w', '^']] }],
      'import-sort/exports': 'error',
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Read it through config/environment.ts.' },
      ],
      'no-duplicate-imports': ['error', { allowSeparateTypeImports: false }],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      // `import { type A }` alone would still load the module.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      // `() => log(line)` is plain enough.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Numbers and booleans read the same in a text as in the code.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // An async function that awaits nothing still turns what it throws into a rejection.
      '@typescript-eslint/require-await': 'off',
      // `[...text]` gives characters, which is what it is written for here.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // What was caught is thrown on as it is.
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true, allowRethrowing: true }],
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
    },
  },

  { files: ['workflows/**/*.ts', 'activities/**/*.ts', 'workers/**/*.ts'], plugins, rules: temporalRules },
  {
    files: ['workflows/**/*.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', forbiddenInWorkflows] },
  },

  { files: ['**/main.ts'], rules: { 'no-console': ['error', { allow: ['error'] }] } },
  {
    // What people run talks on the terminal, and starts others with an environment of its making.
    files: ['scripts/**', 'test/**', 'practice/**', '*.config.ts'],
    rules: { 'no-console': 'off', 'no-restricted-properties': 'off' },
  },
  {
    files: ['test/**'],
    rules: {
      // A value that is not there fails the test where it is used, which is what a test is for.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Hooks close what a start that failed did not give: `let wiki: Wiki`, and at the end `wiki?.close()`.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Answers are JSON of any shape until the test has looked at them.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      // Test servers take async handlers, whose failures fail the test anyway.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/no-deprecated': 'off',
    },
  },
  { files: ['config/{environment,run-environment}.ts'], rules: { 'no-restricted-properties': 'off' } },
  // What a test needs unset is taken away by its name.
  { files: ['test/**', 'vitest.config.ts'], rules: { '@typescript-eslint/no-dynamic-delete': 'off' } },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.recommended],
    plugins: { 'import-sort': importSort },
    rules: {
      'import-sort/imports': ['error', { groups: [['^\\u0000', '^node:', '^@?\\w', '^']] }],
      'no-duplicate-imports': 'error',
      eqeqeq: 'error',
      '@typescript-eslint/no-require-imports': 'off',
    },
  },
);
