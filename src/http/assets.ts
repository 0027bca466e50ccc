import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { Middleware } from 'koa'
import { packageRoot } from '../package.ts'
import type { RequestState } from './request-context.ts'

export interface Assets {
  /** The URL of a file in `views/assets`; it changes with the content, so that browsers may keep it for ever. */
  url: (name: string) => string
  /** Content of a file in `views/assets`. */
  read: (name: string) => string
  middleware: Middleware<RequestState>
}

const contentTypes: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The few stylesheet and script files, read once into memory and served under `/assets/{hash}/{name}`. */
export function createAssets(): Assets {
  const folder = join(packageRoot(), 'views', 'assets')
  const files = new Map<string, { name: string; content: Buffer }>()
  const urls = new Map<string, string>()
  for (const name of readdirSync(folder)) {
    const content = readFileSync(join(folder, name))
    const url = `/assets/${createHash('sha256').update(content).digest('hex').slice(0, 12)}/${name}`
    files.set(url, { name, content })
    urls.set(name, url)
  }
  const urlOf = (name: string) => {
    const url = urls.get(name)
    if (url === undefined) throw new Error(`views/assets has no ${name}`)
    return url
  }
  return {
    url: urlOf,
    read: (name) => files.get(urlOf(name))?.content.toString('utf8') ?? '',
    middleware(ctx, next) {
      const file = ctx.method === 'GET' || ctx.method === 'HEAD' ? files.get(ctx.path) : undefined
      if (!file) return next()
      ctx.set('Cache-Control', 'public, max-age=31536000, immutable')
      ctx.type = contentTypes[extname(file.name)] ?? 'application/octet-stream'
      ctx.body = file.content
      return undefined
    },
  }
}
