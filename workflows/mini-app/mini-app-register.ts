import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { MiniAppUser } from '../../contracts/mini-app.ts';
import type { MiniAppOutcome } from '../../contracts/outcomes.ts';
import { searchAttributes } from '../../contracts/workflows.ts';
import { registerMiniAppUser } from '../steps.ts';

/** Registers one mini-app user; one that exists already is an outcome, not an error (docs/api-contract.md#mini-app). */
export async function miniAppRegister(user: MiniAppUser): Promise<MiniAppOutcome> {
  const end = await registerMiniAppUser(user);
  setCurrentDetails('reason' in end ? `${end.outcome}: ${end.reason}` : end.outcome);
  upsertSearchAttributes([{ key: searchAttributes.outcome, value: end.outcome }]);
  return end;
}
