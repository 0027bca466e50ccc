import { Router } from '@koa/router'
import { Redis } from 'ioredis'
import Koa from 'koa'
import { sha256 } from '../src/domain/identifiers.ts'

/**
 * The least an authenticated request can cost on this stack: Koa, @koa/router, and one GET of Redis under the SHA-256 of
 * a bearer token. Nothing is checked, counted, logged or recorded.
 */
const [port, redisUrl = ''] = process.argv.slice(2)
const redis = new Redis(redisUrl)
const router = new Router()
router.get('/authenticated', async (ctx) => {
  const found = await redis.get(`bare:${sha256(ctx.get('authorization').slice('Bearer '.length))}`)
  if (found === null) {
    ctx.status = 401
    return
  }
  const { user } = JSON.parse(found) as { user: object }
  ctx.body = { user }
})
new Koa().use(router.routes()).listen(Number(port), '127.0.0.1', () => console.log('listening'))
