import { z } from 'zod'
import { newSecret, sha256 } from '../domain/identifiers.ts'
import { type Principal, protocolSessionOwnerOf } from '../domain/principal.ts'
import { RequestRefused } from '../http/errors.ts'
import type { Artifact, Artifacts } from '../storage/contract.ts'

/** What a client said at `initialize`: the state of a protocol session, from which any process makes its server object. */
const Introduction = z.object({
  protocolVersion: z.string(),
  capabilities: z.record(z.string(), z.unknown()),
  clientInfo: z.record(z.string(), z.unknown()),
})
export type Introduction = z.infer<typeof Introduction>

/** As this file writes it. */
interface Payload {
  ownerId: string
  introduction: Introduction
}

export interface ProtocolSession {
  /** The `Mcp-Session-Id`. Not a credential: it means something only beside a token of its owner. */
  id: string
  /** Stands for the id wherever the store can be read. */
  key: string
  introduction: Introduction
}

export type ProtocolSessions = ReturnType<typeof createProtocolSessions>

/** Claude Code never ends its sessions, so those that nobody uses end by themselves, though not over a weekend. */
const idleLifetime = 3 * 24 * 60 * 60 * 1000
/** A session that is used is written once an hour, not at every request. */
const renewalInterval = 60 * 60 * 1000
const mostKnown = 10_000
const longestIntroduction = 16 * 1024

/** The protocol sessions of 2025-era clients (MCP 2025-11-25, Session Management), each under its client session or service account. */
export function createProtocolSessions({ artifacts, now }: { artifacts: Artifacts; now: () => number }) {
  /** Records as they were read, by the ids of their sessions. Whether they are still there is asked each time. */
  const known = new Map<string, { artifact: Artifact; key: string }>()

  function write(id: string, ownerId: string, introduction: Introduction): Promise<void> {
    const payload = { ownerId, introduction } satisfies Payload
    known.delete(id)
    return artifacts.put({
      model: 'ProtocolSession',
      id,
      grantId: ownerId,
      payload,
      expiresAt: now() + idleLifetime,
    })
  }

  /**
   * @throws {RequestRefused} 413 when the client says more about itself than is worth keeping
   * @throws {GrantRevoked} when the client session or service account ended meanwhile
   */
  async function start(principal: Principal, params: unknown): Promise<ProtocolSession> {
    const introduction = Introduction.parse(params)
    if (JSON.stringify(introduction).length > longestIntroduction) {
      throw new RequestRefused(
        413,
        'invalid_request',
        'The capabilities and client information are too long.',
      )
    }
    const id = newSecret()
    await write(id, protocolSessionOwnerOf(principal), introduction)
    return { id, key: sha256(id), introduction }
  }

  /** Reads the record of a session, whosever it is. */
  async function read(id: string): Promise<Artifact | undefined> {
    const remembered = known.get(id)
    if (remembered && (await artifacts.has('ProtocolSession', remembered.key))) return remembered.artifact
    known.delete(id)
    const artifact = await artifacts.get('ProtocolSession', id)
    if (!artifact) return undefined
    if (known.size >= mostKnown) known.clear()
    known.set(id, { artifact, key: sha256(id) })
    return artifact
  }

  /**
   * Finds a session of this very principal; that of anybody else is as unknown as one that never was.
   * @param reading the record, where it is being read already
   */
  async function find(
    id: string,
    principal: Principal,
    reading = read(id),
  ): Promise<ProtocolSession | undefined> {
    const artifact = await reading
    const session = artifact?.payload as Payload | undefined
    const ownerId = protocolSessionOwnerOf(principal)
    if (session?.ownerId !== ownerId) return undefined
    const { introduction } = session
    if ((artifact?.expiresAt ?? 0) - now() < idleLifetime - renewalInterval) {
      await write(id, ownerId, introduction)
    }
    return { id, key: known.get(id)?.key ?? sha256(id), introduction }
  }

  async function end({ id }: ProtocolSession): Promise<void> {
    known.delete(id)
    await artifacts.delete('ProtocolSession', id)
  }

  return { start, read, find, end }
}
