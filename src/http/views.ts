import { join } from 'node:path'
import { Eta } from 'eta'
import { packageRoot } from '../package.ts'
import type { Context } from './request-context.ts'
import { setPageHeaders } from './security-headers.ts'
import type { ViewData, ViewName } from './view-data.ts'

/** Renders a page of `views/` as the response's body. Templates get data, never the context. */
export type Render = <Name extends ViewName>(ctx: Context, name: Name, data: ViewData[Name]) => void

/** @param assetUrl gives the versioned URL of a file in `views/assets` */
export function createViews({
  assetUrl,
  now,
}: {
  assetUrl: (name: string) => string
  now: () => number
}): Render {
  const eta = new Eta({ views: join(packageRoot(), 'views'), cache: true, autoEscape: true })
  return (ctx, name, data) => {
    const nonce = setPageHeaders(ctx)
    ctx.type = 'html'
    ctx.body = eta.render(name, { ...data, assetUrl, nonce, now: now() })
  }
}
