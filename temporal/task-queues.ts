/** The three task queues: workflows, the quick services (manager's API, mail, assets), and the browser steps with their few slots. */
export const taskQueues = { workflows: 'workflows', services: 'services', browser: 'browser' } as const;
export type TaskQueue = keyof typeof taskQueues;
