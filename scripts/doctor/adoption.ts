import { isStartedByTask } from '../../contracts/flows.ts';
import type { LeftBehind } from './left-behind.ts';

/** The command that takes a task up again. */
export function writeAdoption({ flow, taskId, requestId }: Pick<LeftBehind, 'flow' | 'taskId' | 'requestId'>): string {
  return isStartedByTask(flow)
    ? `npm run ${flow} -- ${quote(taskId)} --adopt`
    : `npm run ${flow} -- ${quote(requestId)} --adopt ${quote(taskId)}`;
}

/** An id as a shell takes it for one word: ids are whatever the manager makes them. */
function quote(id: string): string {
  return /^[\w.:@/-]+$/.test(id) ? id : `'${id.replaceAll("'", `'\\''`)}'`;
}
