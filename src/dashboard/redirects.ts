import type { Context } from '../http/request-context.ts'

/** Answers a form or a detour with the page to look at next (RFC 9110 §15.4.4), so that a reload repeats nothing. */
export function seeOther(ctx: Context, path: string): void {
  ctx.status = 303
  ctx.redirect(path)
}
