import { createHash } from 'node:crypto'
import { StoreUnavailable } from '../contract.ts'
import type { RedisClient } from './connection.ts'
import { withDeadline } from './deadline.ts'

export type RedisArgument = string | number | Buffer

/** Redis as the parts of the store see it. Whatever goes wrong, a refusal included, is {@link StoreUnavailable}. */
export interface RedisCommands {
  /** @param command in lower case, or ioredis does not give the answer its usual shape */
  readonly send: (command: string, ...args: RedisArgument[]) => Promise<unknown>
  readonly run: (script: Script, keys: string[], ...args: RedisArgument[]) => Promise<unknown>
  /** Fields of a hash as they are. */
  readonly readBytes: (key: string, ...fields: string[]) => Promise<(Buffer | null)[]>
}

/** Lua that Redis 6.2 and Valkey run; every key it touches is passed in `KEYS`. */
export interface Script {
  lua: string
  sha: string
}

export function defineScript(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

/** Bounds what ioredis leaves unbounded: a cluster without any node, an election among unreachable sentinels. */
const answerWithinMs = 2000

export function createCommands(client: RedisClient): RedisCommands {
  const send = (command: string, ...args: RedisArgument[]) => bounded(client.call(command, args))
  return {
    send,
    readBytes: (key, ...fields) => bounded(client.hmgetBuffer(key, ...fields)),
    async run(script, keys, ...args) {
      try {
        return await send('evalsha', script.sha, keys.length, ...keys, ...args)
      } catch (error) {
        if (!isUnknownScript(error)) throw error
        return send('eval', script.lua, keys.length, ...keys, ...args)
      }
    },
  }
}

/** After a restart or a failover. Redis puts its error code first in the text and nowhere else. */
function isUnknownScript(error: unknown): boolean {
  const cause = error instanceof StoreUnavailable ? error.cause : undefined
  return cause instanceof Error && cause.message.startsWith('NOSCRIPT')
}

async function bounded<T>(answer: Promise<T>): Promise<T> {
  try {
    return await withDeadline(answer, answerWithinMs)
  } catch (error) {
    throw new StoreUnavailable('Redis did not serve the request', { cause: error })
  }
}
