/** Who may import whom: the folder on the left may import values from those on the right, besides itself. */
const mayImport = {
  contracts: [],
  config: ['contracts/'],
  sites: ['contracts/', 'config/'],
  temporal: ['contracts/', 'config/'],
  'services(?!/dispatch/)': ['contracts/', 'config/', 'sites/', 'services/'],
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

/** Which services may use which, besides themselves and the files of services/ that stand in no folder. */
const serviceMayUse = {
  assets: [],
  browser: ['assets'],
  dispatch: ['manager-client'],
  feed: ['assets'],
  mailbox: [],
  'manager-client': [],
};

/** What the flows share. */
const sharedByFlows = ['account', 'pace'];
const flowFolder = `(?!(?:${sharedByFlows.join('|')})/)`;

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

/** Inside of a folder: types count as well. */
const rulesInside = [
  {
    name: 'flows-apart',
    comment: `a flow does not know another; what both need stands in workflows/${sharedByFlows.join('/, workflows/')}/ or in workflows/ itself`,
    severity: 'error',
    from: { path: `^workflows/${flowFolder}([^/]+)/` },
    to: { path: `^workflows/${flowFolder}[^/]+/`, pathNot: '^workflows/$1/' },
  },
  {
    name: 'shared-workflow-code-knows-no-flow',
    comment: `what the flows share (workflows/${sharedByFlows.join('/, workflows/')}/) does not import a flow`,
    severity: 'error',
    from: { path: `^workflows/(${sharedByFlows.join('|')})/` },
    to: { path: `^workflows/${flowFolder}[^/]+/` },
  },
  {
    name: 'platforms-apart',
    comment: 'a platform’s recipe imports the kit, and no other platform; only the loader knows them all',
    severity: 'error',
    from: { path: '^sites/(?!(?:kit|loader)/)([^/]+)/' },
    to: { path: '^sites/[^/]+/', pathNot: '^sites/(kit|$1)/' },
  },
  {
    name: 'kit-knows-no-platform',
    comment: 'the kit is what recipes are written with: it imports none',
    severity: 'error',
    from: { path: '^sites/kit/' },
    to: { path: '^sites/(?!kit/)' },
  },
  {
    name: 'manager-domain-knows-no-http',
    comment: 'what a task may do does not depend on how it is asked for',
    severity: 'error',
    from: { path: '^manager/domain/' },
    to: { path: '^manager/(http/|main[.]ts$)' },
  },
  {
    name: 'manager-database-at-the-bottom',
    comment: 'tables and migrations know neither the domain nor HTTP',
    severity: 'error',
    from: { path: '^manager/database/' },
    to: { path: '^manager/(domain|http)/' },
  },
  ...Object.entries(serviceMayUse).map(([service, others]) => ({
    name: `${service}-uses`,
    comment: `services/${service}/ may use only: ${['itself', ...others, 'the files of services/'].join(', ')}`,
    severity: 'error',
    from: { path: `^services/${service}/` },
    to: { path: '^services/[^/]+/', pathNot: [service, ...others].map((other) => `^services/${other}/`) },
  })),
  {
    name: 'services-are-listed',
    comment: 'a new folder of services/ stands in serviceMayUse, with what it may use',
    severity: 'error',
    from: { path: '^services/[^/]+/', pathNot: `^services/(${Object.keys(serviceMayUse).join('|')})/` },
    to: {},
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...folderRules,
    ...typeRules,
    ...rulesInside,
    {
      name: 'workflows-pure',
      comment: 'a workflow runs in the sandbox: Temporal’s workflow packages are all it may import from outside',
      severity: 'error',
      from: {
        path: '^(workflows/|contracts/(workflows|flows|flow-statuses)[.]ts$|temporal/(workflow-ids|task-queues)[.]ts$)',
      },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'core'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@temporalio/(workflow|common)/',
      },
    },
    {
      name: 'practice-apart',
      comment:
        'production has no practice/: only the demonstration and the tests may know it, and itself it knows nothing of enlist',
      severity: 'error',
      from: { pathNot: '^(practice|scripts/dev|test)/' },
      to: { path: '^practice/' },
    },
    {
      name: 'no-cycles',
      comment: 'files that import each other, if only types, are one: move what both need below them',
      severity: 'error',
      from: {},
      to: { circular: true },
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
    exclude: { path: '^(bench|build|[.]tools|[.]data)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.mts', '.mjs', '.js', '.cjs'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
