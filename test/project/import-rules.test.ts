import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise, type ICruiseResult, type IForbiddenRuleType, type IOptions } from 'dependency-cruiser';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { forbidden, options } = createRequire(import.meta.url)(path.join(root, '.dependency-cruiser.cjs')) as {
  forbidden: IForbiddenRuleType[];
  options: IOptions;
};

const value = (from: string) => `import { thing } from '${from}';\nexport const other = thing;\n`;
const type = (from: string) => `import type { Thing } from '${from}';\nexport type Other = Thing;\n`;

/** For each rule one file that breaks it, alone. */
const broken: [rule: string, file: string, text: string][] = [
  ['contracts-imports', 'contracts/a.ts', value('../config/target.ts')],
  ['config-imports', 'config/a.ts', value('../temporal/target.ts')],
  ['sites-imports', 'sites/kit/a.ts', value('../../services/target.ts')],
  ['temporal-imports', 'temporal/a.ts', value('../services/target.ts')],
  ['services(?!/dispatch/)-imports', 'services/feed/a.ts', value('../../temporal/target.ts')],
  ['services/dispatch-imports', 'services/dispatch/a.ts', value('../../activities/target.ts')],
  ['workflows-imports', 'workflows/a.ts', value('../activities/target.ts')],
  ['activities-imports', 'activities/a.ts', value('../workers/target.ts')],
  ['workers-imports', 'workers/a.ts', value('../scripts/target.ts')],
  ['manager-imports', 'manager/http/a.ts', value('../../temporal/target.ts')],
  ['practice-imports', 'practice/a.ts', value('../contracts/target.ts')],
  ['scripts-imports', 'scripts/a.ts', value('../activities/target.ts')],
  ['workflows-types', 'workflows/b.ts', type('../services/target.ts')],
  ['scripts-types', 'scripts/b.ts', type('../activities/target.ts')],
  ['flows-apart', 'workflows/podcast/a.ts', type('../entity/target.ts')],
  ['shared-workflow-code-knows-no-flow', 'workflows/account/a.ts', type('../entity/target.ts')],
  ['platforms-apart', 'sites/mediawiki/a.ts', type('../wordpress/target.ts')],
  ['kit-knows-no-platform', 'sites/kit/b.ts', type('../wordpress/target.ts')],
  ['manager-domain-knows-no-http', 'manager/domain/a.ts', type('../http/target.ts')],
  ['manager-database-at-the-bottom', 'manager/database/a.ts', type('../domain/target.ts')],
  ['assets-uses', 'services/assets/a.ts', type('../feed/target.ts')],
  ['browser-uses', 'services/browser/a.ts', type('../mailbox/target.ts')],
  ['dispatch-uses', 'services/dispatch/b.ts', type('../browser/target.ts')],
  ['feed-uses', 'services/feed/b.ts', type('../mailbox/target.ts')],
  ['mailbox-uses', 'services/mailbox/a.ts', type('../feed/target.ts')],
  ['manager-client-uses', 'services/manager-client/a.ts', type('../feed/target.ts')],
  ['services-are-listed', 'services/unlisted/a.ts', type('../target.ts')],
  ['workflows-pure', 'workflows/c.ts', value('node:fs')],
  ['practice-apart', 'config/b.ts', type('../practice/target.ts')],
  ['no-cycles', 'contracts/one.ts', `${type('./two.ts')}export type Thing = 1;\n`],
  ['no-orphans', 'manager/http/nobody.ts', 'export const thing = 1;\n'],
  ['no-dev-dependencies-in-the-product', 'manager/http/b.ts', value('vitest')],
  ['declared-and-there', 'manager/http/c.ts', value('./absent.ts')],
];

let folder: string;
let violations: ICruiseResult['summary']['violations'];

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'enlist-imports-'));
  write('package.json', JSON.stringify({ type: 'module', devDependencies: { vitest: '*' } }));
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  for (const [, file, text] of broken) {
    write(file, text);
    const target = /'(\.\S+target\.ts)'/.exec(text)?.[1];
    if (target) write(path.join(path.dirname(file), target), 'export const thing = 1;\nexport type Thing = 1;\n');
  }
  write('contracts/two.ts', type('./one.ts').replace('Other', 'Another') + 'export type Thing = 1;\n');

  const { tsConfig: _, ...rest } = options;
  const result = await cruise(['.'], { ...rest, baseDir: folder, ruleSet: { forbidden }, validate: true });
  ({ violations } = (result.output as ICruiseResult).summary);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(broken)('%s refuses what %s imports', (rule, file) => {
  expect(violations.filter(({ from }) => from === file).map(({ rule: { name } }) => name)).toContain(rule);
});

test('every rule is broken here once', () => {
  expect(broken.map(([rule]) => rule).toSorted()).toEqual(forbidden.map(({ name }) => name).toSorted());
});
