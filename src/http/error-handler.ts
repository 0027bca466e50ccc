import type { Middleware } from 'koa'
import { DomainError, type DomainErrorCode } from '../domain/errors.ts'
import { StoreUnavailable } from '../storage/contract.ts'
import { RequestRefused } from './errors.ts'
import type { Context, RequestState } from './request-context.ts'
import type { Render } from './views.ts'

/** The only place where a domain refusal becomes an HTTP status. */
const statuses = {
  not_found: 404,
  forbidden: 403,
  conflict: 409,
  gone: 410,
  invalid_input: 422,
  invalid_credentials: 401,
  rate_limited: 429,
  import_refused: 422,
} as const satisfies Record<DomainErrorCode, number>

interface Answer {
  status: number
  error: string
  message: string
  retryAfterSeconds?: number | undefined
}

/** Turns whatever was thrown into an answer: a page for browsers, JSON for everybody else. */
export function errorHandler({ render }: { render: Render }): Middleware<RequestState> {
  return async (ctx, next) => {
    try {
      await next()
      if (ctx.status === 404 && ctx.body === undefined && ctx.res.writable && !ctx.res.headersSent) {
        answer(ctx, render, { status: 404, error: 'not_found', message: 'There is nothing at this address.' })
      }
    } catch (error) {
      const refusal = refusalOf(error)
      if (!refusal) ctx.state.log.error({ err: error }, 'defect')
      else if (refusal.status === 503) ctx.state.log.warn({ err: error }, 'store unavailable')
      answer(
        ctx,
        render,
        refusal ?? {
          status: 500,
          error: 'server_error',
          message: 'Something went wrong on our side. The request id leads to the details in the log.',
        },
      )
    }
  }
}

function refusalOf(error: unknown): Answer | undefined {
  if (error instanceof RequestRefused) return error
  if (error instanceof DomainError)
    return { status: statuses[error.code], error: error.code, message: error.message }
  // Never 401 or `invalid_grant`: clients forget their credentials on those.
  if (isOutage(error)) {
    return {
      status: 503,
      error: 'temporarily_unavailable',
      message: 'The server cannot reach its store right now. Try again in a few seconds.',
      retryAfterSeconds: 5,
    }
  }
  return undefined
}

/** Whether the store is out of reach, also as the reason that a library's error of its own kind was made for. */
function isOutage(error: unknown): boolean {
  return (
    error instanceof StoreUnavailable || (error instanceof Error && error.cause instanceof StoreUnavailable)
  )
}

function answer(ctx: Context, render: Render, { status, error, message, retryAfterSeconds }: Answer): void {
  ctx.status = status
  if (retryAfterSeconds !== undefined) ctx.set('Retry-After', String(retryAfterSeconds))
  if (ctx.accepts('json', 'html') === 'html') {
    render(ctx, 'error', {
      status,
      title: titles[status] ?? 'That did not work',
      message,
      error,
      requestId: ctx.state.requestId,
      nextSteps: nextSteps[status] ?? [],
    })
  } else {
    ctx.body = { error, error_description: message, request_id: ctx.state.requestId }
  }
}

const titles: Record<number, string> = {
  400: 'The request was not understood',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Not possible here',
  409: 'That changed meanwhile',
  410: 'This link does not work any more',
  413: 'Too large',
  415: 'The request was not understood',
  421: 'Wrong address',
  422: 'That cannot be done',
  429: 'Too many attempts',
  500: 'Something went wrong',
  503: 'The server is not ready',
}

/** What a person can do next, where the message does not say it already. */
const nextSteps: Record<number, string[]> = {
  403: ['Go back, reload the page and try again.'],
  404: ['Check the address, or start again from the overview.'],
  409: ['Go back, reload the page and try again.'],
  500: ['Try again. If it happens again, tell whoever runs this server the request id below.'],
  503: ['Wait a few seconds, then reload this page.'],
}
