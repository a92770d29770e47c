export { entityConnect } from './entity-connect.ts';
export { miniAppRegister } from './mini-app-register.ts';
export { podcastAccount } from './podcast-account.ts';
export { podcastRequest } from './podcast-request.ts';
export { pullTasks } from './pull-tasks.ts';
export { siteGate } from './site-gate.ts';
export { socialRegister } from './social-register.ts';
