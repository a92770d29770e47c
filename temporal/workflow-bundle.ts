import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkerOptions } from '@temporalio/worker';
import { failureConverterPath } from './data-converter.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const workflowsPath = path.join(root, 'workflows/index.ts');
/** Where the bundle is kept that was made for production. */
export const bundleFile = path.join(root, 'build/workflow-bundle.cjs');

const { version: sdkVersion } = createRequire(import.meta.url)('@temporalio/worker/package.json') as {
  version: string;
};

/** Whoever must make the bundle anew reads how. */
class WorkflowBundleError extends Error {
  override name = 'WorkflowBundleError';

  constructor(file: string, problem: string) {
    super(`${file} ${problem}: run "npm run build-workflows"`);
  }
}

/** What the last line of a bundle says of it, as JSON in a comment. */
interface Stamp {
  fingerprint: string;
  /** enlist's files that went in, by their paths below the root, sorted. */
  sources: string[];
}

const stampMark = '\n// stamp: ';

/**
 * The bundle of all workflows, as a worker makes it from their source, with its stamp.
 *
 * @throws Error when a workflow imports what the sandbox lacks
 */
export async function buildWorkflowBundle(): Promise<string> {
  const { code } = await bundleWorkflowCode({ workflowsPath, failureConverterPath, logger: new DefaultLogger('WARN') });
  const sources = findSources(code);
  const stamp: Stamp = { fingerprint: makeFingerprint(sources), sources };
  return `${code}${stampMark}${JSON.stringify(stamp)}\n`;
}

/**
 * What a worker is told of its workflows: in production the bundle that was made for it, elsewhere, and where none was
 * made, where their source is, which it bundles by itself. `problem` is what its operator should know of that.
 *
 * @throws WorkflowBundleError in production, when the bundle is not that of this code
 */
export function provideWorkflows(
  environment: string,
  file = bundleFile,
): { options: Pick<WorkerOptions, 'workflowsPath' | 'workflowBundle'>; problem?: string } {
  if (environment !== 'production') return { options: { workflowsPath } };
  if (existsSync(file)) return { options: { workflowBundle: { code: readWorkflowBundle(file) } } };
  const problem = `${file} is not there, so workers bundle the workflows at each start: run "npm run build-workflows"`;
  return { options: { workflowsPath }, problem };
}

function readWorkflowBundle(file: string): string {
  const text = readFileSync(file, 'utf8');
  const at = text.lastIndexOf(stampMark);
  if (at === -1 || !text.endsWith('\n')) throw new WorkflowBundleError(file, 'is not a whole bundle');
  const { fingerprint, sources } = JSON.parse(text.slice(at + stampMark.length)) as Stamp;
  if (fingerprint !== makeFingerprint(sources)) throw new WorkflowBundleError(file, 'is not that of this code');
  return text.slice(0, at);
}

/** By the bundle's source map, which names the files of packages as well. */
function findSources(code: string): string[] {
  const [, map = ''] = /sourceMappingURL=data:application\/json;charset=utf-8;base64,([\w+/=]+)/.exec(code) ?? [];
  const { sources } = JSON.parse(Buffer.from(map, 'base64').toString('utf8')) as { sources: string[] };
  return (
    sources
      .filter((source) => path.isAbsolute(source) && !source.includes('/node_modules/'))
      // The SDK's entry point is in its memory only.
      .filter((source) => existsSync(source))
      .map((source) => path.relative(root, source))
      .sort()
  );
}

/**
 * A SHA-256 in hexadecimal over the SDK's version, then the path and the text of each source. A new file needs no look
 * for it: one of these imports it, and so has changed. The SDK's own packages come with its version.
 */
function makeFingerprint(sources: string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(sdkVersion));
  for (const source of sources) hash.update(JSON.stringify([source, readSource(source)]));
  return hash.digest('hex');
}

/** A file that is gone changes the fingerprint like any other change. */
function readSource(source: string): string | undefined {
  try {
    return readFileSync(path.join(root, source), 'utf8');
  } catch {
    return undefined;
  }
}
