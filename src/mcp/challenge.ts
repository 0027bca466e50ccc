import { scopes, type Scope } from '../domain/principal.ts'
import type { Context } from '../http/request-context.ts'
import type { TokenRefusal } from './bearer-token.ts'
import { resourceMetadataUrl } from './protected-resource-metadata.ts'

/**
 * Refusals that tell a client how to get in: `WWW-Authenticate` for the program (RFC 6750 §3, RFC 9728 §5.1), a JSON
 * body with a sentence for the person, since Claude Code shows bodies.
 */
export function createChallenges({ publicUrl }: { publicUrl: string }) {
  /** 401. Without any credentials there is no error to name (RFC 6750 §3.1). */
  function unauthorized(ctx: Context, reason: TokenRefusal, description: string): void {
    const missing = reason === 'missing'
    ctx.status = 401
    ctx.set(
      'WWW-Authenticate',
      bearer({
        ...(missing ? {} : { error: 'invalid_token', error_description: description }),
        scope: scopes.join(' '),
        resource_metadata: resourceMetadataUrl(publicUrl, ctx.path),
      }),
    )
    ctx.body = { error: missing ? 'unauthorized' : 'invalid_token', error_description: description }
  }

  /**
   * 403 with every scope the call needs at once: clients that are asked for one after the other loop
   * (MCP 2026-07-28, Authorization, Scope Challenge Handling).
   */
  function insufficientScope(ctx: Context, required: readonly Scope[], granted: readonly Scope[]): void {
    const description = `This needs the permission ${required.join(', ')}, which this session was not given.`
    ctx.status = 403
    ctx.set(
      'WWW-Authenticate',
      bearer({
        error: 'insufficient_scope',
        error_description: description,
        // Asking only for the new ones would make some clients drop those they have.
        scope: [...new Set([...granted, ...required])].join(' '),
        resource_metadata: resourceMetadataUrl(publicUrl, ctx.path),
      }),
    )
    ctx.body = { error: 'insufficient_scope', error_description: description }
  }

  return { unauthorized, insufficientScope }
}

function bearer(parameters: Record<string, string>): string {
  const list = Object.entries(parameters).map(([name, value]) => `${name}="${quotable(value)}"`)
  return `Bearer ${list.join(', ')}`
}

/** RFC 6750 §3: printable ASCII without `"` and `\`. Names of organizations may hold anything. */
function quotable(value: string): string {
  return value
    .normalize('NFKD')
    .replaceAll(/\p{Mn}/gu, '')
    .replaceAll(/["\\]/g, "'")
    .replaceAll(/[^\u0020-\u007e]/g, '?')
}
