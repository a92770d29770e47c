/** Who may import whom: the folder on the left may import values from those on the right, besides itself. */
const mayImport = {
  contracts: [],
  config: ['contracts/'],
  sites: ['contracts/', 'config/'],
  temporal: ['contracts/', 'config/'],
  'services(?!/dispatch)': ['contracts/', 'config/', 'sites/', 'services/'],
  // The one service that starts workflows.
  'services/dispatch': ['contracts/', 'config/', 'sites/', 'temporal/', 'services/'],
  workflows: ['contracts/(workflows|flows)[.]ts$', 'temporal/(workflow-ids|task-queues)[.]ts$'],
  activities: ['contracts/', 'config/', 'sites/', 'temporal/', 'services/'],
  // The bundler reads workflows/ by its path: a worker that imported it would run it outside of the sandbox.
  workers: ['contracts/', 'config/', 'sites/', 'temporal/', 'services/', 'activities/'],
  manager: ['contracts/', 'config/', 'services/redact[.]ts$'],
  practice: [],
  scripts: ['contracts/', 'config/', 'sites/', 'temporal/', 'services/'],
};

/** Type imports leave no trace at run time: these folders may take types from more. */
const mayImportTypes = {
  workflows: ['contracts/', 'activities/', 'temporal/'],
  // The processes that the demonstration starts.
  scripts: ['contracts/', 'config/', 'sites/', 'temporal/', 'services/', 'manager/', 'practice/'],
};

const ours = Object.keys(mayImport).join('|');

const folderRules = Object.entries(mayImport).map(([folder, allowed]) => ({
  name: `${folder}-imports`,
  comment: `${folder}/ may import only: ${['itself', ...allowed].join(', ')}`,
  severity: 'error',
  from: { path: `^${folder}/` },
  to: {
    path: `^(${ours}|test|bench)/`,
    pathNot: [folder + '/', ...allowed].map((place) => `^${place}`),
    ...(mayImportTypes[folder] ? { dependencyTypesNot: ['type-only'] } : {}),
  },
}));

const typeRules = Object.entries(mayImportTypes).map(([folder, allowed]) => ({
  name: `${folder}-types`,
  comment: `${folder}/ may import types only from: ${['itself', ...allowed].join(', ')}`,
  severity: 'error',
  from: { path: `^${folder}/` },
  to: { path: `^(${ours}|test|bench)/`, pathNot: [folder, ...allowed].map((place) => `^${place}`) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...folderRules,
    ...typeRules,
    {
      name: 'workflows-pure',
      comment: 'a workflow runs in the sandbox: Temporal’s workflow packages are all it may import from outside',
      severity: 'error',
      from: { path: '^(workflows/|contracts/(workflows|flows)[.]ts$|temporal/(workflow-ids|task-queues)[.]ts$)' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'core'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@temporalio/(workflow|common)/',
      },
    },
    {
      name: 'no-cycles',
      comment: 'two files that import each other are one',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      comment: 'nobody imports it, and it is no entry point',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [
          '^(test|scripts)/',
          '^(manager|workers/[\\w-]+|practice)/main[.]ts$',
          '[.](cjs|js|d[.]m?ts)$',
          '^[^/]+$',
        ],
      },
      to: {},
    },
    {
      name: 'no-dev-dependencies-in-the-product',
      comment: 'a production install has no devDependencies',
      severity: 'error',
      from: { path: `^(${ours})/`, pathNot: '^scripts/dev/(test|setup/download-server)[.]mjs$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'declared-and-there',
      comment: 'what is imported must resolve, and stand in package.json',
      severity: 'error',
      from: { path: `^(${ours})/` },
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'],
        dependencyTypesNot: ['type-only'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node_modules|bench|[.]tools|[.]data)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.mts', '.mjs', '.js', '.cjs'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
