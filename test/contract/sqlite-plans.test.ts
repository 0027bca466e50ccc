import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256 } from '../../src/domain/identifiers.ts'
import { createArtifacts } from '../../src/storage/sqlite/artifacts.ts'
import { createBlobs } from '../../src/storage/sqlite/blobs.ts'
import { createBus } from '../../src/storage/sqlite/bus.ts'
import { type Database, openDatabase } from '../../src/storage/sqlite/database.ts'
import { createDocuments } from '../../src/storage/sqlite/documents.ts'
import { createLimiter } from '../../src/storage/sqlite/limiter.ts'
import { createLogs } from '../../src/storage/sqlite/logs.ts'
import { deleteExpired } from '../../src/storage/sqlite/reaper.ts'
import { expiringTables } from '../../src/storage/sqlite/schema.ts'
import { someToken } from './subject.ts'

test('no statement of the embedded store reads a whole table, sorts, or uses half of a key', async () => {
  const database = await openDatabase(':memory:')
  const statements = new Set<string>()
  await useEverything(recordInto(statements, database))
  assert.ok(statements.size > 35, `only ${statements.size} statements were seen`)
  for (const sql of statements) {
    if (/^(begin|commit|rollback|pragma)/.test(sql)) continue
    for (const { detail } of database.all(`explain query plan ${sql}`) as { detail: string }[]) {
      // What a call itself names, as JSON, is read as a table of its own.
      assert.doesNotMatch(detail, /^SCAN (?!CONSTANT|\S+ VIRTUAL TABLE)|TEMP B-TREE/, sql)
      assert.doesNotMatch(detail, /\((model|kind)=\?\)$/, `${sql}: finds every row of the model or kind`)
    }
  }
  database.close()
})

function recordInto(statements: Set<string>, database: Database): Database {
  return {
    ...database,
    get: (sql, ...values) => database.get(seen(sql), ...values),
    all: (sql, ...values) => database.all(seen(sql), ...values),
    run: (sql, ...values) => database.run(seen(sql), ...values),
  }
  function seen(sql: string): string {
    statements.add(sql)
    return sql
  }
}

async function useEverything(database: Database): Promise<void> {
  const now = Date.now
  const artifacts = createArtifacts({ database, now })
  const token = someToken({
    grantId: 'g',
    uid: 'u',
    userCode: 'k',
    userId: 'a',
    clientId: 'b',
    organizationId: 'c',
  })
  await artifacts.put(token)
  await artifacts.get(token.model, token.id)
  assert.equal(await artifacts.has(token.model, sha256(token.id)), true)
  await artifacts.findByUid(token.model, 'u')
  await artifacts.findByUserCode(token.model, 'k')
  await artifacts.consume(token.model, token.id, { graceSeconds: 0 })
  await artifacts.consume(token.model, token.id, { graceSeconds: 0 })
  for (const owner of [{ userId: 'a' }, { clientId: 'b' }, { organizationId: 'c' }]) {
    assert.equal((await artifacts.list(token.model, owner)).items.length, 1)
  }
  await artifacts.delete(token.model, token.id)
  await artifacts.revokeGrant('g')

  const documents = createDocuments({ database })
  const document = { kind: 'user', id: '1', data: {}, unique: { email: 'e' }, indexes: { team: 't' } }
  await documents.commit([{ op: 'put', version: 0, ...document }])
  await documents.commit([{ op: 'put', version: 1, ...document }])
  await documents.get('user', '1')
  await documents.findUnique('user', 'email', 'e')
  await documents.list('user', 'team', 't')
  await documents.touch('user', '1', { at: 1 })
  await documents.revision()
  await documents.commit([{ op: 'delete', kind: 'user', id: '1', version: 2 }])

  const logs = createLogs({ database, now })
  await logs.append('s', {}, { maxEntries: 1 })
  await logs.appendAll('s', [{ entry: {}, labels: ['l'] }], { ttlSeconds: 60 })
  for (const order of ['newest-first', 'oldest-first'] as const) {
    await logs.page('s', { limit: 1, order, since: 1, before: now() + 1 })
    await logs.page('s', { limit: 1, order, label: 'l' })
  }
  await logs.shorten('s', { ttlSeconds: 1 })
  await logs.drop('s')

  await createLimiter({ database, now }).hit('k', { limit: 1, windowSeconds: 1 })
  const bus = createBus({ database, now })
  await bus.publish('c', 'm')
  bus.close()

  const blobs = createBlobs({ database })
  await blobs.put('b', new Uint8Array(1), 0)
  await blobs.put('b', new Uint8Array(1), 1)
  await blobs.get('b')
  await blobs.delete('b')
  for (const table of expiringTables) deleteExpired(database, table, now())
}
