export { entityConnect } from './entity/entity-connect.ts';
export { miniAppRegister } from './mini-app/mini-app-register.ts';
export { siteGate } from './pace/site-gate.ts';
export { podcastAccount } from './podcast/podcast-account.ts';
export { podcastRequest } from './podcast/podcast-request.ts';
export { pullTasks } from './pull-tasks.ts';
export { socialRegister } from './social/social-register.ts';
