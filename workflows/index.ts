export { pullTasks } from './pull-tasks.ts';
export { siteGate } from './site-gate.ts';
export { socialRegister } from './social-register.ts';
