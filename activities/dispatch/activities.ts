import { cancellationSignal, heartbeat, log } from '@temporalio/activity';
import type { Flow } from '../../contracts/flows.ts';
import { type Dispatching, dispatch, type Pulled } from './dispatch.ts';

export function createDispatchActivities(dispatching: Dispatching) {
  return {
    /** One pull; run by the schedule. */
    async dispatchTasks(flow: Flow): Promise<Pulled> {
      heartbeat();
      const pulled = await dispatch(flow, dispatching, cancellationSignal(), () => heartbeat());
      for (const warning of pulled.warnings) log.warn(warning, { flow });
      return pulled;
    },
  };
}

export type DispatchActivities = ReturnType<typeof createDispatchActivities>;
export type { Pulled };
