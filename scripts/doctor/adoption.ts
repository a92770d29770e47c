import type { LeftBehind } from './left-behind.ts';

/** The command that takes a task up again. */
export function writeAdoption({ flow, taskId, requestId }: Pick<LeftBehind, 'flow' | 'taskId' | 'requestId'>): string {
  return flow === 'podcast'
    ? `npm run podcast -- ${quote(requestId)} --adopt ${quote(taskId)}`
    : `npm run ${flow} -- ${quote(taskId)} --adopt`;
}

/** An id as a shell takes it for one word: ids are whatever the manager makes them. */
function quote(id: string): string {
  return /^[\w.:@/-]+$/.test(id) ? id : `'${id.replaceAll("'", `'\\''`)}'`;
}
