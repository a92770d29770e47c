import { DefaultLogger, type LogEntry, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import { readEnvironment } from '../../config/environment.ts';

/** Installs one log for the SDK, the workflows and the activities: JSON lines on stdout. To be called before any worker is made. */
export function installLog(): pino.Logger {
  const { LOG_LEVEL } = readEnvironment('LOG_LEVEL');
  const log = pino({ name: 'worker', level: LOG_LEVEL });
  const write = ({ level, message, meta }: LogEntry) => {
    const { error, ...rest } = meta ?? {};
    log[level === 'WARN' ? 'warn' : (level.toLowerCase() as 'info')](
      { ...rest, ...(error ? { err: error as Error } : {}) },
      message,
    );
  };
  Runtime.install({
    logger: new DefaultLogger('TRACE', write),
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'WARN' }) } },
  });
  return log;
}
