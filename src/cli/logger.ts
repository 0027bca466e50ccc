import { type Logger, pino } from 'pino'
import type { Config } from '../config.ts'

/** Logs to standard output as JSON lines. Of an error only name, message and stack: a driver's error may carry what was stored. */
export function createLogger(level: Config['logLevel']): Logger {
  return pino({
    level,
    serializers: {
      err: (error: unknown) =>
        error instanceof Error
          ? { type: error.name, message: error.message, stack: error.stack, cause: causeOf(error) }
          : { message: 'thrown value is no Error' },
    },
  })
}

function causeOf(error: Error): string | undefined {
  return error.cause instanceof Error ? `${error.cause.name}: ${error.cause.message}` : undefined
}
