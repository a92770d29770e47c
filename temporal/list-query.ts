import type { WorkflowName } from '../contracts/workflows.ts';

/** The part of a list's query that leaves only workflows of these types. */
export function ofTypes(names: readonly WorkflowName[]): string {
  return `WorkflowType IN (${names.map((name) => `"${name}"`).join(', ')})`;
}
