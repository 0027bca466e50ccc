import { PassThrough } from 'node:stream'
import type { Context } from '../http/request-context.ts'
import type { StreamEvent } from './event-log.ts'

/** A response that stays open: server-sent events, one JSON-RPC message each. */
export interface EventStream {
  readonly write: (event: StreamEvent) => void
  /** Ends the connection; a client whose answer is still missing opens it again. */
  readonly end: () => void
  /**
   * Ends the connection of somebody who is out, and has the client stay away. Official clients would open it again, meet
   * 401 and send the person to the browser, several times, while nobody waits for an answer.
   */
  readonly dismiss: () => void
  /** Aborted when either side closed the connection. */
  readonly closed: AbortSignal
}

/** Proxies cut what is silent for a minute. */
const keepAliveInterval = 15_000
/** After how long clients open a lost stream again, in milliseconds. */
const soon = 1000
/** The longest that timers of JavaScript can wait, 24 days; a longer one fires at once. */
const never = 2 ** 31 - 1

/** Makes a Koa response a stream of events; headers go out at once. */
export function openEventStream(ctx: Context): EventStream {
  const body = new PassThrough()
  const closed = new AbortController()
  const keepAlive = setInterval(() => body.write(': keep-alive\n\n'), keepAliveInterval).unref()
  body.once('close', () => {
    clearInterval(keepAlive)
    closed.abort()
  })
  ctx.status = 200
  ctx.set('Content-Type', 'text/event-stream')
  // Proxies such as nginx would hold events back until their buffer is full.
  ctx.set('X-Accel-Buffering', 'no')
  ctx.body = body
  // Node sends headers with the first byte only, and a client waits for them.
  body.write(`retry: ${soon}\n\n`)
  return {
    write({ id, message }) {
      if (!body.writable) return
      const name = message === undefined ? '' : 'event: message\n'
      const position = id === undefined ? '' : `id: ${id}\n`
      body.write(`${name}${position}data: ${message === undefined ? '' : JSON.stringify(message)}\n\n`)
    },
    end: () => body.end(),
    dismiss: () => body.end(`retry: ${never}\n\n`),
    closed: closed.signal,
  }
}
