import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildWorkflowBundle, bundleFile } from '../temporal/workflow-bundle.ts';

/** Makes the workflows' bundle that workers take in production. */
const code = await buildWorkflowBundle();
mkdirSync(path.dirname(bundleFile), { recursive: true });
const part = `${bundleFile}.${process.pid}`;
writeFileSync(part, code);
renameSync(part, bundleFile);
console.log(`made ${path.relative(process.cwd(), bundleFile)}`);
