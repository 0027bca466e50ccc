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
 * interaction or session cannot be submitted in another, and a cookie planted by a sibling host does not help. Where the
 * browser says that another site sent the form, not even the right field helps.
 */
export function createCsrf({ secrets, publicUrl }: { secrets: Secrets; publicUrl: string }): Csrf {
  const secure = publicUrl.startsWith('https:')
  const cookieName = secure ? '__Host-csrf' : 'csrf'

  function browserOf(ctx: Context): string | undefined {
    return ctx.cookies.get(cookieName, { signed: false })
  }

  function isForeign(ctx: Context): boolean {
    const origin = ctx.get('Origin')
    // Our pages send no referrer, and so browsers give the origin of their forms as `null` (Fetch, Origin header).
    const isOurs = ['', 'null', publicUrl].includes(origin)
    return !isOurs || ctx.get('Sec-Fetch-Site') === 'cross-site'
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
      const isValid =
        browser !== undefined && secrets.verify('csrf', `${browser}\n${purpose}`, form['csrf'] ?? '')
      if (!isValid || isForeign(ctx)) {
        throw new RequestRefused(
          403,
          'invalid_request',
          'This form is out of date or was not made for this browser. Go back, reload the page and try again.',
        )
      }
    },
  }
}
