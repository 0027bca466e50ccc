import { createHash } from 'node:crypto'
import { Cluster } from 'ioredis'
import { StoreUnavailable } from '../contract.ts'
import type { RedisClient } from './connection.ts'
import { withDeadline } from './deadline.ts'
import type { Patience } from './patience.ts'
import { createWriteGathering } from './write-gathering.ts'

export type RedisArgument = string | number | Buffer

/**
 * Redis as the parts of the store see it. Whatever goes wrong, a refusal included, is {@link StoreUnavailable}; patient
 * work (see `patience.ts`) sends a command again first. It may then be carried out twice, so each has to end in the
 * same state and the same answer as once; what cannot goes through `runOnce`.
 */
export interface RedisCommands {
  /** Whether one command may name any keys; in a cluster they have to lie together. */
  readonly takesManyKeys: boolean
  /** @param command in lower case, or ioredis does not give the answer its usual shape */
  readonly send: (command: string, ...args: RedisArgument[]) => Promise<unknown>
  readonly run: RunScript
  /** As `run`, and resolves only when as many replicas as the setting asks for have the write, too. */
  readonly runDurably: RunScript
  /** As `runDurably`, and never sent again. */
  readonly runOnce: RunScript
  /** Fields of a hash as they are. */
  readonly readBytes: (key: string, ...fields: string[]) => Promise<(Buffer | null)[]>
}

export type RunScript = (script: Script, keys: string[], ...args: RedisArgument[]) => Promise<unknown>

/** Lua that Redis 6.2 and Valkey run; every key it touches is passed in `KEYS`. */
export interface Script {
  lua: string
  sha: string
}

export function defineScript(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

/** Where writes go that must reach replicas before they count. */
export interface Replication {
  /** A connection of its own: WAIT holds up everything sent behind it. */
  client: RedisClient
  replicas: number
}

/** Bounds what ioredis leaves unbounded: a cluster without any node, an election among unreachable sentinels. */
const answerWithinMs = 2000
const replicateWithinMs = 500

export function createCommands(deps: {
  client: RedisClient
  patience: Patience
  /** Absent: a write counts when the master has it. */
  replication?: Replication | undefined
}): RedisCommands {
  const { client, patience, replication } = deps
  const gatherWrites = createWriteGathering(client)
  const plain: SendCommand = (command, args) => {
    gatherWrites()
    return bounded(client.call(command, args))
  }
  const durable = replication ? replicatedSend(replication) : plain
  return {
    takesManyKeys: !(client instanceof Cluster),
    send: (command, ...args) => patience.repeat(() => plain(command, args)),
    run: (...call) => patience.repeat(() => evaluate(plain, ...call)),
    runDurably: (...call) => patience.repeat(() => evaluate(durable, ...call)),
    runOnce: (...call) => evaluate(durable, ...call),
    readBytes: (key, ...fields) => patience.repeat(() => bounded(client.hmgetBuffer(key, ...fields))),
  }
}

type SendCommand = (command: string, args: RedisArgument[]) => Promise<unknown>

async function evaluate(send: SendCommand, script: Script, keys: string[], ...args: RedisArgument[]) {
  try {
    return await send('evalsha', [script.sha, keys.length, ...keys, ...args])
  } catch (error) {
    if (!isUnknownScript(error)) throw error
    return send('eval', [script.lua, keys.length, ...keys, ...args])
  }
}

/**
 * Sends a write together with WAIT. In two steps a connection that breaks in between, as at a failover, would ask the new
 * master about writes of the new connection, of which there are none, and take that for a yes.
 */
function replicatedSend({ client, replicas }: Replication): SendCommand {
  return async (command, args) => {
    const answers = await bounded(
      client
        .pipeline()
        .call(command, ...args)
        .call('wait', replicas, replicateWithinMs)
        .exec(),
    )
    const [written, waited] = answers ?? []
    const error = written?.[0] ?? waited?.[0]
    if (error) throw new StoreUnavailable('Redis did not serve the request', { cause: error })
    if (!(Number(waited?.[1]) >= replicas)) {
      throw new StoreUnavailable(`only ${Number(waited?.[1])} of ${replicas} replicas have the write`)
    }
    return written?.[1]
  }
}

/** After a restart or a failover. Redis puts its error code first in the text and nowhere else. */
function isUnknownScript(error: unknown): boolean {
  const cause = error instanceof StoreUnavailable ? error.cause : undefined
  return cause instanceof Error && cause.message.startsWith('NOSCRIPT')
}

function bounded<T>(answer: Promise<T>): Promise<T> {
  return withDeadline(answer, answerWithinMs, notServed)
}

function notServed(cause: unknown): StoreUnavailable {
  return new StoreUnavailable('Redis did not serve the request', { cause })
}
