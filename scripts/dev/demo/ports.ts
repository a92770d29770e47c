import getPort from 'get-port';

/** The wanted port of the loopback address, or any free one when it is taken. */
export function findPort(wanted: number): Promise<number> {
  return getPort({ host: '127.0.0.1', port: wanted });
}

export const localUrl = (port: number) => `http://127.0.0.1:${port}`;
