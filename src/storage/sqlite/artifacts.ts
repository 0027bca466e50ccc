import { sha256 } from '../../domain/identifiers.ts'
import { GrantRevoked } from '../contract.ts'
import type { Artifact, ArtifactOwner, Artifacts, NewArtifact } from '../contract.ts'
import { revocationMemory } from '../lifetimes.ts'
import { createPresence } from '../presence.ts'
import { formatPosition, never, pageLimit, parsePosition, presentExpiry } from '../page.ts'
import type { Database } from './database.ts'

interface ArtifactRow {
  id: string
  payload: string
  expires_at: number
  consumed_at: number | null
}

interface PresentRow {
  present: number
}

const columns = 'id, payload, expires_at, consumed_at'
const ownerColumns = { userId: 'user_id', clientId: 'client_id', organizationId: 'organization_id' } as const

/** Protocol state in one table; an expired row is invisible until the reaper takes it. */
export function createArtifacts({ database, now }: { database: Database; now: () => number }): Artifacts {
  const find = (column: 'id' | 'uid' | 'user_code', model: string, value: string) => {
    const sql = `select ${columns} from artifact where model = ? and ${column} = ? and expires_at > ?`
    const row = database.get(sql, model, sha256(value), now()) as ArtifactRow | undefined
    return row && presentArtifact(row)
  }
  const present = `select count(*) as present from json_each(?) as wanted
    cross join artifact on model = ? and artifact.id = wanted.value where expires_at > ?`
  const presenceOf = (model: string) =>
    createPresence((ids) => (database.get(present, JSON.stringify(ids), model, now()) as PresentRow).present)
  /** By model. */
  const presences = new Map<string, ReturnType<typeof createPresence>>()
  return {
    put: async (artifact) => database.transaction(() => write(database, artifact, now())),
    get: async (model, id) => find('id', model, id),
    has(model, idHash) {
      const isPresent = presences.get(model) ?? presenceOf(model)
      presences.set(model, isPresent)
      return isPresent(idHash)
    },
    findByUid: async (model, uid) => find('uid', model, uid),
    findByUserCode: async (model, userCode) => find('user_code', model, userCode),

    async consume(model, id, { graceSeconds }) {
      const at = now()
      const key = [model, sha256(id), at] as const
      const spent = `update artifact set consumed_at = ?
        where model = ? and id = ? and expires_at > ? and consumed_at is null`
      if (database.run(spent, at, ...key) === 1) return 'first'
      const sql = 'select consumed_at from artifact where model = ? and id = ? and expires_at > ?'
      const row = database.get(sql, ...key) as { consumed_at: number } | undefined
      if (!row) return 'missing'
      return graceSeconds > 0 && at - row.consumed_at <= graceSeconds * 1000 ? 'grace' : 'replay'
    },

    async delete(model, id) {
      database.run('delete from artifact where model = ? and id = ?', model, sha256(id))
    },

    async revokeGrant(grantId) {
      database.transaction(() => {
        database.run('insert or replace into revoked_grant values (?, ?)', grantId, now() + revocationMemory)
        database.run('delete from artifact where grant_id = ?', grantId)
      })
    },

    async list(model, owner, page = {}) {
      const limit = pageLimit(page)
      const { column, value } = ownerColumn(owner)
      const position = parsePosition(page.cursor)
      const sql = `select ${columns} from artifact
        where model = ? and ${column} = ? and expires_at > ? and (expires_at, id) < (?, ?)
        order by expires_at desc, id desc limit ?`
      const values = [model, value, now(), position.expiresAt, position.id, limit + 1]
      const rows = database.all(sql, ...values) as ArtifactRow[]
      const items = rows.slice(0, limit)
      const last = rows.length > limit ? items.at(-1) : undefined
      return {
        items: items.map(presentArtifact),
        nextCursor: last && formatPosition({ expiresAt: last.expires_at, id: last.id }),
      }
    },
  }
}

function write(database: Database, artifact: NewArtifact, now: number): void {
  const { model, grantId } = artifact
  const revoked = 'select 1 from revoked_grant where grant_id = ? and expires_at > ?'
  if (grantId !== undefined && database.get(revoked, grantId, now))
    throw new GrantRevoked('the grant was revoked')

  const id = sha256(artifact.id)
  const uid = artifact.uid === undefined ? null : sha256(artifact.uid)
  const userCode = artifact.userCode === undefined ? null : sha256(artifact.userCode)
  // A pointer moves to whoever was written last: a sign-in keeps its uid when its id is renewed.
  if (uid)
    database.run('update artifact set uid = null where model = ? and uid = ? and id <> ?', model, uid, id)
  if (userCode) {
    const sql = 'update artifact set user_code = null where model = ? and user_code = ? and id <> ?'
    database.run(sql, model, userCode, id)
  }
  const { userId = null, clientId = null, organizationId = null } = artifact
  const record = [model, id, JSON.stringify(artifact.payload), artifact.expiresAt ?? never]
  const values = [...record, grantId ?? null, uid, userCode, userId, clientId, organizationId]
  database.run(
    // Spent stays spent: only a record that had already expired is written afresh.
    `insert into artifact
      (model, id, payload, expires_at, grant_id, uid, user_code, user_id, client_id, organization_id)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      on conflict (model, id) do update set
        consumed_at = case when expires_at > ? then consumed_at end,
        payload = excluded.payload, expires_at = excluded.expires_at, grant_id = excluded.grant_id,
        uid = excluded.uid, user_code = excluded.user_code,
        user_id = excluded.user_id, client_id = excluded.client_id, organization_id = excluded.organization_id`,
    ...values,
    now,
  )
}

function presentArtifact(row: ArtifactRow): Artifact {
  return {
    payload: JSON.parse(row.payload) as Record<string, unknown>,
    expiresAt: presentExpiry(row.expires_at),
    consumedAt: row.consumed_at ?? undefined,
  }
}

function ownerColumn(owner: ArtifactOwner): { column: string; value: string } {
  if ('userId' in owner) return { column: ownerColumns.userId, value: owner.userId }
  if ('clientId' in owner) return { column: ownerColumns.clientId, value: owner.clientId }
  return { column: ownerColumns.organizationId, value: owner.organizationId }
}
