import type { Middleware } from 'koa'
import type { Registry } from 'prom-client'
import type { Context, RequestState } from './request-context.ts'

/** Whether this process should get traffic. */
export interface Readiness {
  /** Turned off first thing on SIGTERM, so that a balancer stops sending before connections close. */
  draining: boolean
}

const paths = new Set(['/healthz', '/readyz', '/metrics'])

export interface HealthDeps {
  readiness: Readiness
  ping: () => Promise<void>
  metrics: Registry
}

/**
 * `/healthz` (the process answers), `/readyz` (it should get traffic: store reachable, not stopping) and `/metrics`.
 * They come before the Host check, since probes call the process by its own address.
 */
export function health({ readiness, ping, metrics }: HealthDeps): Middleware<RequestState> {
  async function answer(ctx: Context): Promise<void> {
    switch (ctx.path) {
      case '/healthz':
        ctx.body = { status: 'ok' }
        return
      case '/readyz':
        try {
          if (readiness.draining) throw new Error('stopping')
          await ping()
          ctx.body = { status: 'ready' }
        } catch {
          ctx.status = 503
          ctx.body = { status: readiness.draining ? 'stopping' : 'store unavailable' }
        }
        return
      case '/metrics':
        ctx.type = metrics.contentType
        ctx.body = await metrics.metrics()
    }
  }

  // Every request passes here, so without a promise of its own.
  return (ctx, next) => (paths.has(ctx.path) ? answer(ctx) : next())
}
