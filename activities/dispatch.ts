import { cancellationSignal, log } from '@temporalio/activity';
import type { DispatchResult } from '../contracts/dispatch.ts';
import type { Flow } from '../contracts/flows.ts';
import { dispatch, type Dispatching } from '../services/dispatch/dispatch.ts';
import { beatWhile } from './heartbeat.ts';

export function createDispatchActivities(dispatching: Dispatching) {
  return {
    /** One pull; run by the schedule. */
    async dispatchTasks(flow: Flow): Promise<DispatchResult> {
      const pulled = await beatWhile(() => dispatch(flow, dispatching, cancellationSignal()));
      for (const warning of pulled.warnings) log.warn(warning, { flow });
      return pulled;
    },
  };
}

export type DispatchActivities = ReturnType<typeof createDispatchActivities>;
