import { randomBytes } from 'node:crypto'
import type { Secrets } from '../domain/secrets.ts'
import { RequestRefused } from './errors.ts'
import type { Context } from './request-context.ts'

/** Proof that a form was rendered for this browser and this purpose. */
export interface Csrf {
  /** The hidden field `csrf` of a form; sets the browser's cookie when it has none. */
  token: (ctx: Context, purpose: string) => string
  /** @throws {RequestRefused} 403 when the field does not belong to this browser and purpose */
  check: (ctx: Context, purpose: string, form: Record<string, string>) => void
}

/**
 * Signed double submit (OWASP): the field is an HMAC over a random cookie and the purpose, so that a form of one
 * interaction or session cannot be submitted in another, and a cookie planted by a sibling host does not help.
 */
export function createCsrf({ secrets, secure }: { secrets: Secrets; secure: boolean }): Csrf {
  const cookieName = secure ? '__Host-csrf' : 'csrf'

  function browserOf(ctx: Context): string | undefined {
    return ctx.cookies.get(cookieName, { signed: false })
  }

  return {
    token(ctx, purpose) {
      let browser = browserOf(ctx)
      if (browser === undefined) {
        browser = randomBytes(18).toString('base64url')
        ctx.cookies.set(cookieName, browser, {
          httpOnly: true,
          secure,
          sameSite: 'lax',
          signed: false,
          path: '/',
        })
      }
      return secrets.sign('csrf', `${browser}\n${purpose}`)
    },
    check(ctx, purpose, form) {
      const browser = browserOf(ctx)
      if (browser === undefined || !secrets.verify('csrf', `${browser}\n${purpose}`, form['csrf'] ?? '')) {
        throw new RequestRefused(
          403,
          'invalid_request',
          'This form is out of date or was not made for this browser. Go back, reload the page and try again.',
        )
      }
    },
  }
}
