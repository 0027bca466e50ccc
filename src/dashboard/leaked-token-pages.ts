import { z } from 'zod'
import { mediaType, readBody, readForm } from '../http/body.ts'
import type { Csrf } from '../http/csrf.ts'
import { RequestRefused } from '../http/errors.ts'
import type { LeakReport } from '../http/leak-reports.ts'
import type { ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { apiTokenPattern } from '../domain/api-token-format.ts'
import type { PageContext } from './viewer.ts'

export interface LeakedTokenPagesDeps {
  publicUrl: string
  render: Render
  csrf: Csrf
  leakReport: LeakReport
}

const purpose = 'leaked-token'
const Report = z.object({ token: z.string().max(500) })

/** `/leaked-token` and `/.well-known/leak-report`: for whoever finds a token, people and scanners. Nobody signs in for it. */
export function createLeakedTokenPages({ publicUrl, render, csrf, leakReport }: LeakedTokenPagesDeps) {
  async function show(ctx: PageContext): Promise<void> {
    renderPage(ctx, {})
  }

  async function submit(ctx: PageContext): Promise<void> {
    const form = await readForm(ctx.req)
    csrf.check(ctx, purpose, form)
    const outcome = await leakReport(ctx, form['token'] ?? '')
    if (outcome) return renderPage(ctx, { outcome })
    ctx.status = 422
    // What was typed is not shown again: it may be a secret, if not one of ours.
    renderPage(ctx, {
      error: `This is no token of this server: those begin with ot_sat_ and have 53 characters.`,
    })
  }

  /** `{"token": "ot_sat_…"}` */
  async function report(ctx: PageContext): Promise<void> {
    if (mediaType(ctx.req) !== 'application/json') {
      throw new RequestRefused(415, 'invalid_request', 'Send {"token": "…"} as application/json.')
    }
    const parsed = Report.safeParse(parseJson(await readBody(ctx.req, 4096)))
    if (!parsed.success) throw new RequestRefused(400, 'invalid_request', 'Send {"token": "…"} as JSON.')
    const outcome = await leakReport(ctx, parsed.data.token)
    ctx.status = outcome ? 200 : 404
    ctx.body = outcome
      ? { status: outcome }
      : { error: 'not_found', error_description: 'This is no token of this server.' }
  }

  function renderPage(
    ctx: PageContext,
    { outcome, error }: Partial<Pick<ViewData['leaked-token'], 'outcome' | 'error'>>,
  ): void {
    render(ctx, 'leaked-token', {
      csrf: csrf.token(ctx, purpose),
      outcome,
      error,
      pattern: apiTokenPattern,
      reportUrl: `${publicUrl}/.well-known/leak-report`,
    })
  }

  return { show, submit, report }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
