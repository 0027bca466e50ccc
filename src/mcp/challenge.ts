import { type Principal, scopes, type Scope } from '../domain/principal.ts'
import { bearerChallenge } from '../http/bearer-challenge.ts'
import type { Context } from '../http/request-context.ts'
import type { Refusal } from '../http/authentication.ts'
import { resourceMetadataUrl } from './protected-resource-metadata.ts'

/**
 * Refusals that tell a client how to get in: `WWW-Authenticate` for the program (RFC 6750 §3, RFC 9728 §5.1), a JSON
 * body with a sentence for the person, since Claude Code shows bodies.
 */
export function createChallenges({ publicUrl }: { publicUrl: string }) {
  /**
   * 401, or 403 for a good token at the wrong address. Without any credentials there is no error to name (RFC 6750 §3.1). What was configured by hand gets no way to
   * a sign-in: a headless client would wait for a browser instead of stopping.
   */
  function refuse(ctx: Context, { reason, description, offersSignIn }: Refusal): void {
    if (reason === 'other_organization') return forbid(ctx, description)
    const missing = reason === 'missing'
    ctx.status = 401
    ctx.set(
      'WWW-Authenticate',
      bearerChallenge({
        ...(missing ? {} : { error: 'invalid_token', error_description: description }),
        ...(offersSignIn ? wayIn(ctx, scopes) : {}),
      }),
    )
    ctx.body = { error: missing ? 'unauthorized' : 'invalid_token', error_description: description }
  }

  function wayIn(ctx: Context, wanted: readonly Scope[]) {
    return { scope: wanted.join(' '), resource_metadata: resourceMetadataUrl(publicUrl, ctx.path) }
  }

  /**
   * 403 with every scope the call needs at once: clients that are asked for one after the other loop
   * (MCP 2026-07-28, Authorization, Scope Challenge Handling).
   */
  function insufficientScope(ctx: Context, required: readonly Scope[], principal: Principal): void {
    const isUser = principal.kind === 'user'
    const whose = isUser ? 'session' : 'service account'
    const description = `This needs the permission ${required.join(', ')}, which this ${whose} was not given.`
    // Asking only for the new ones would make some clients drop those they have.
    const wanted = [...new Set([...principal.scopes, ...required])]
    ctx.status = 403
    ctx.set(
      'WWW-Authenticate',
      bearerChallenge({
        error: 'insufficient_scope',
        error_description: description,
        ...(isUser ? wayIn(ctx, wanted) : { scope: wanted.join(' ') }),
      }),
    )
    ctx.body = { error: 'insufficient_scope', error_description: description }
  }

  return { refuse, insufficientScope }
}

/** RFC 6750 §3.1 has no code for a token that is good elsewhere. */
function forbid(ctx: Context, description: string): void {
  ctx.status = 403
  ctx.body = { error: 'access_denied', error_description: description }
}
