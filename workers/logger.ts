import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import pino, { type Logger } from 'pino';

/** Failures of activities come as `error`, which pino would write as an empty object. */
const SERIALIZERS = { error: pino.stdSerializers.err };

/** Logger of this process, as JSON lines into a file of the logs folder. */
export function fileLogger(logsFolder: string, name: string): Logger {
  mkdirSync(logsFolder, { recursive: true });
  return pino({ name, level: 'info', serializers: SERIALIZERS }, pino.destination({ dest: join(logsFolder, `${name}.log`), sync: false }));
}

/** Logger of a worker that runs on its own: JSON lines on standard output. */
export function stdoutLogger(name: string): Logger {
  return pino({ name, level: 'info', serializers: SERIALIZERS });
}

/** Sends the Temporal SDK's own log lines to `logger`. Once per process, before the first worker. */
export function logTemporalTo(logger: Logger): void {
  const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => logger[levels[level]]({ ...meta }, message)),
    telemetryOptions: { logging: { filter: 'WARN', forward: {} } },
    shutdownSignals: [],
  });
}
