import type { Middleware } from 'koa'
import { type Configuration, errors } from 'oidc-provider'
import type { Context, RequestState } from '../http/request-context.ts'
import type { Render } from '../http/views.ts'

const signInAgain = [
  'Go back to your client and sign in again.',
  'In Claude Code: run claude mcp logout NAME, then claude mcp login NAME, with the name of this server.',
]

/** What went wrong, where the library says it for developers; by OAuth code. */
const messages: Record<string, string> = {
  invalid_client: 'Your client is not registered here (any more): it must register and sign in again.',
  invalid_redirect_uri: 'The address your client wants the answer at is not one it registered.',
  lost_interaction: 'This sign-in took too long, was finished already, or was begun in another browser.',
}

/** What a person can do about an error that cannot be sent back to the client; by OAuth code. */
const nextSteps: Record<string, string[]> = {
  temporarily_unavailable: ['Wait a few seconds, then reload this page.'],
}

const titles: Record<string, string> = {
  invalid_client: 'This client is not known here',
  invalid_redirect_uri: 'The answer would go to an unknown address',
  lost_interaction: 'This sign-in is over',
  temporarily_unavailable: 'The server is not ready',
}

interface ProtocolError {
  error: string
  error_description?: string | undefined
}

/** Shows a protocol error as a page: what went wrong and what to do next, never a stack or a token. */
function renderProtocolError(ctx: Context, render: Render, out: ProtocolError, cause: unknown): void {
  if (ctx.status === 503) ctx.set('Retry-After', '5')
  // The library calls a lost interaction `invalid_request`; for people it is a different matter.
  const kind = cause instanceof errors.SessionNotFound ? 'lost_interaction' : out.error
  render(ctx, 'error', {
    status: ctx.status,
    title: titles[kind] ?? 'The sign-in cannot go on',
    message: messages[kind] ?? out.error_description ?? 'The authorization request was refused.',
    error: out.error,
    requestId: ctx.state.requestId,
    nextSteps: nextSteps[kind] ?? signInAgain,
  })
}

/** oidc-provider's error page, which it shows where an error must not be redirected (RFC 6749 §4.1.2.1). */
export function createRenderError({ render }: { render: Render }): NonNullable<Configuration['renderError']> {
  return (ctx, out, error) => renderProtocolError(ctx, render, out, error)
}

/** The same page for what the interaction pages refuse. */
export function interactionErrors({ render }: { render: Render }): Middleware<RequestState> {
  return async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      if (!(error instanceof errors.OIDCProviderError)) throw error
      ctx.status = error.statusCode
      renderProtocolError(ctx, render, error, error)
    }
  }
}

/**
 * Keeps the library's answer to an outage at the authorization endpoint. It saves the browser's session inside its error
 * handler and, when that failed, once more outside, which fails too or even finds the session in a state it cannot save.
 */
export function keepOutageAnswers(): Middleware<RequestState> {
  return async (ctx, next) => {
    try {
      await next()
    } catch (err) {
      if (ctx.status !== 503) throw err
      ctx.state.log.warn({ err }, 'session not saved')
      // One of them names the session that was to replace the browser's, which may stand yet.
      ctx.remove('Set-Cookie')
    }
  }
}
