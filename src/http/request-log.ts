import type { Logger } from 'pino'

type Log = (fields: object, message: string) => void

/** Where a request's lines go; each bears its id. */
export interface RequestLog {
  debug: Log
  info: Log
  warn: Log
  error: Log
}

/** Not a child of pino's: to make one costs as much as a line, and most requests log one line or none. */
export function createRequestLog(logger: Logger, requestId: string): RequestLog {
  const at =
    (level: keyof RequestLog): Log =>
    (fields, message) =>
      logger[level]({ requestId, ...fields }, message)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
