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
  { ignores: ['node_modules/', 'bench/', '.data/', '.tools/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  {
    files: ['**/*.ts', '**/*.mts'],
    extends: [tseslint.configs.recommended],
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
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-deprecated': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
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
      // Test servers take async handlers, whose failures fail the test anyway.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/no-deprecated': 'off',
    },
  },
  { files: ['config/environment.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.recommended],
    plugins: { 'import-sort': importSort },
    rules: {
      'import-sort/imports': ['error', { groups: [['^\\u0000', '^node:', '^@?\\w', '^']] }],
      eqeqeq: 'error',
      '@typescript-eslint/no-require-imports': 'off',
    },
  },
);
