import type { Middleware } from 'koa'
import contexts from 'oidc-provider/lib/helpers/als.js'
import type { RequestState } from '../http/request-context.ts'

/**
 * Ends the contexts of oidc-provider with the last of its requests that is under way. It keeps each request in an
 * `AsyncLocalStorage`, and once one is used, every promise of the process is tracked until it is told to stop (before Node
 * 24): a tool call takes a sixth more CPU time (docs/decisions/0013).
 */
export function endContexts(): Middleware<RequestState> {
  let running = 0
  return async (_ctx, next) => {
    running += 1
    try {
      await next()
    } finally {
      running -= 1
      if (running === 0) contexts.disable()
    }
  }
}
