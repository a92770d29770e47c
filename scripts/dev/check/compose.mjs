// Checks docker-compose.yml: against the compose specification, that what it names is there, and, where Docker's compose
// plug-in is installed, as that reads it. Needs no engine and no network.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { root } from '../../../config/find-browser.mjs';
import { run } from '../setup/run.mjs';

const file = path.join(root, 'docker-compose.yml');
const text = readFileSync(file, 'utf8');
const problems = [];

const dclint = run(
  process.execPath,
  [path.join(root, 'node_modules/dclint/bin/dclint.cjs'), '--quiet', '--color', 'false', file],
  { cwd: root },
);
if (!dclint.ok) problems.push(dclint.output);

const { services } = parse(text, { merge: true });
for (const [name, { command = [], depends_on: dependsOn = {}, volumes = [], ports = [] }] of Object.entries(services)) {
  const entry = command.find((word) => word.endsWith('.ts'));
  if (entry && !existsSync(path.join(root, entry))) problems.push(`${name}: there is no ${entry}`);
  for (const other of Object.keys(dependsOn))
    if (!services[other]) problems.push(`${name} depends on ${other}, which is no service`);
  for (const [source] of volumes.filter((volume) => typeof volume === 'string').map((volume) => volume.split(':'))) {
    if (source.startsWith('./') && !existsSync(path.join(root, source)))
      problems.push(`${name}: there is no ${source}`);
  }
  for (const port of ports)
    if (!port.startsWith('127.0.0.1:')) problems.push(`${name}: ${port} is open to other machines`);
}

const copied = readFileSync(path.join(root, 'Dockerfile'), 'utf8').matchAll(/^COPY (?!--from)(.+) \S+$/gm);
for (const source of [...copied].flatMap(([, sources]) => sources.split(' '))) {
  if (!existsSync(path.join(root, source))) problems.push(`Dockerfile: there is no ${source}`);
}

const plugin = run('docker', ['compose', 'version']).ok;
if (plugin) {
  const names = [...text.matchAll(/\$\{([A-Z_]+):\?/g)].map(([, name]) => name);
  const env = Object.fromEntries(names.map((name) => [name, 'x']));
  const config = run('docker', ['compose', '--file', file, '--env-file', '/dev/null', 'config', '--quiet'], {
    cwd: root,
    env,
  });
  if (!config.ok) problems.push(config.output);
}

for (const problem of problems) console.error(problem);
console.log(
  problems.length > 0
    ? 'docker-compose.yml is not right'
    : `docker-compose.yml is right${plugin ? '' : ' (docker compose itself was not asked: it is not installed)'}`,
);
process.exitCode = problems.length > 0 ? 1 : 0;
