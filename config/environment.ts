import type { z } from 'zod';
import { type Variable, variables } from './variables.ts';

type Variables = typeof variables;
type Environment<Name extends keyof Variables> = { [Key in Name]: z.infer<Variables[Key]['schema']> };

export class EnvironmentError extends Error {
  override name = 'EnvironmentError';
}

/**
 * Reads the named variables; an empty one counts as unset.
 *
 * @throws EnvironmentError naming every variable that is missing or wrong, never its value.
 */
export function readEnvironment<Name extends keyof Variables>(...names: Name[]): Environment<Name> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const variable: Variable = variables[name];
    const raw = process.env[name] || variable.default;
    const parsed = variable.schema.safeParse(raw);
    if (parsed.success) values[name] = parsed.data;
    else
      problems.push(
        raw === undefined ? `${name} is not set` : `${name} ${parsed.error.issues[0]?.message ?? 'is wrong'}`,
      );
  }
  if (problems.length > 0) throw new EnvironmentError(problems.join('\n'));
  return values as Environment<Name>;
}
