import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { Conflict, type DocumentChange, type Documents } from '../../src/storage/contract.ts'
import { type Subject, tally } from './subject.ts'

function user(
  overrides: Partial<Extract<DocumentChange, { op: 'put' }>> = {},
): DocumentChange & { op: 'put' } {
  return { op: 'put', kind: 'user', id: randomUUID(), version: 0, data: { name: 'Ann' }, ...overrides }
}

async function listIds(documents: Documents, index: string, value: string): Promise<string[]> {
  return (await documents.list('user', index, value)).items.map(({ id }) => id)
}

export function documentRules(subject: () => Subject): void {
  test('a document is created once, and replaced and deleted only by who read its version', async () => {
    const { documents } = subject().store
    const created = user()
    const { id } = created
    await documents.commit([created])
    assert.deepEqual(await documents.get('user', id), { id, version: 1, data: { name: 'Ann' }, touched: {} })
    await assert.rejects(documents.commit([created]), { name: 'Conflict', reason: 'version' })
    await documents.commit([{ ...created, version: 1, data: { name: 'Bo' } }])
    await assert.rejects(documents.commit([{ ...created, version: 1 }]), { reason: 'version' })
    await assert.rejects(documents.commit([{ op: 'delete', kind: 'user', id, version: 1 }]), {
      reason: 'version',
    })
    assert.deepEqual((await documents.get('user', id))?.data, { name: 'Bo' })
    await documents.commit([{ op: 'delete', kind: 'user', id, version: 2 }])
    assert.equal(await documents.get('user', id), undefined)
    await assert.rejects(documents.commit([{ op: 'delete', kind: 'user', id, version: 0 }]), {
      reason: 'version',
    })
  })

  test('a unique value belongs to one document of a kind until it lets go of it', async () => {
    const { documents } = subject().store
    const email = `${randomUUID()}@example.com`
    const first = user({ unique: { email } })
    const second = user({ unique: { email } })
    await documents.commit([first])
    await assert.rejects(documents.commit([second]), { name: 'Conflict', reason: 'unique', key: 'email' })
    assert.equal((await documents.findUnique('user', 'email', email))?.id, first.id)
    await documents.commit([{ ...second, kind: 'invitation' }])
    await documents.commit([{ ...first, version: 1, unique: { email: `new-${email}` } }])
    assert.equal(await documents.findUnique('user', 'email', email), undefined)
    await documents.commit([second])
    await documents.commit([{ op: 'delete', kind: 'user', id: second.id, version: 1 }])
    assert.equal(await documents.findUnique('user', 'email', email), undefined)
  })

  test('a document may hold several values of a unique key, and be found by each', async () => {
    const { documents } = subject().store
    const [former, present] = [randomUUID(), randomUUID()]
    const renamed = user({ unique: { slug: [present, former] } })
    await documents.commit([renamed])
    for (const slug of [former, present]) {
      assert.equal((await documents.findUnique('user', 'slug', slug))?.id, renamed.id)
      await assert.rejects(documents.commit([user({ unique: { slug } })]), { reason: 'unique', key: 'slug' })
    }
    await documents.commit([{ ...renamed, version: 1, unique: { slug: [present] } }])
    await documents.commit([user({ unique: { slug: former } })])
  })

  test('within one commit a unique value may change hands, but not be held twice', async () => {
    const { documents } = subject().store
    const slug = randomUUID()
    const [giver, taker] = [user({ unique: { slug } }), user({ unique: { slug } })]
    await assert.rejects(documents.commit([giver, taker]), { reason: 'unique' })
    await documents.commit([giver])
    await documents.commit([taker, { op: 'delete', kind: 'user', id: giver.id, version: 1 }])
    assert.equal((await documents.findUnique('user', 'slug', slug))?.id, taker.id)
  })

  test('of 20 parallel documents with one unique value exactly one is created', async () => {
    const { store, neighbour = store } = subject()
    const email = randomUUID()
    const attempts = Array.from({ length: 20 }, async (_, i) => {
      const { documents } = i % 2 === 0 ? store : neighbour
      return documents.commit([user({ unique: { email } })]).then(
        () => 'created',
        (error: unknown) => (error instanceof Conflict ? error.reason : String(error)),
      )
    })
    assert.deepEqual(tally(await Promise.all(attempts)), { created: 1, unique: 19 })
  })

  test('a commit that fails anywhere changes nothing', async () => {
    const { documents } = subject().store
    const email = randomUUID()
    const team = randomUUID()
    const existing = user({ unique: { email }, indexes: { team } })
    const bystander = user({ indexes: { team } })
    await documents.commit([existing, bystander])
    const changed = { ...bystander, version: 1, data: { name: 'changed' }, indexes: { team: 'elsewhere' } }
    const created = user({ indexes: { team } })
    for (const failing of [user({ unique: { email } }), { ...existing, version: 7 }]) {
      await assert.rejects(documents.commit([changed, created, failing]), Conflict)
    }
    assert.deepEqual((await documents.get('user', bystander.id))?.data, { name: 'Ann' })
    assert.equal(await documents.get('user', created.id), undefined)
    assert.deepEqual(await listIds(documents, 'team', team), [existing.id, bystander.id].toSorted())
  })

  test('an index follows the document: into a value, to another, out with it', async () => {
    const { documents } = subject().store
    const [red, blue] = [randomUUID(), randomUUID()]
    const document = user({ indexes: { team: red, everyone: red } })
    await documents.commit([document])
    await documents.commit([{ ...document, version: 1, indexes: { team: blue } }])
    assert.deepEqual(await listIds(documents, 'team', red), [])
    assert.deepEqual(await listIds(documents, 'everyone', red), [])
    assert.deepEqual(await listIds(documents, 'team', blue), [document.id])
    await documents.commit([{ op: 'delete', kind: 'user', id: document.id, version: 2 }])
    assert.deepEqual(await listIds(documents, 'team', blue), [])
  })

  test('a list is in the order of ids, page by page', async () => {
    const { documents } = subject().store
    const team = randomUUID()
    const ids = Array.from({ length: 5 }, (_, i) => `${team}-${i}`)
    await documents.commit(ids.toReversed().map((id) => user({ id, indexes: { team } })))
    const first = await documents.list('user', 'team', team, { limit: 2 })
    const second = await documents.list('user', 'team', team, { limit: 2, cursor: first.nextCursor })
    const third = await documents.list('user', 'team', team, { limit: 2, cursor: second.nextCursor })
    assert.deepEqual(
      [first, second, third].flatMap(({ items }) => items.map(({ id }) => id)),
      ids,
    )
    assert.equal(third.nextCursor, undefined)
  })

  test('touched facts merge beside the document, without a version, and go with it', async () => {
    const { documents } = subject().store
    const document = user()
    await documents.touch('user', document.id, { lastUsedAt: 1 })
    assert.equal(await documents.get('user', document.id), undefined, 'touching creates nothing')
    await documents.commit([document])
    await documents.touch('user', document.id, { lastUsedAt: 2, address: '10.0.0.1' })
    await documents.touch('user', document.id, { lastUsedAt: 3 })
    const expected = { lastUsedAt: 3, address: '10.0.0.1' }
    assert.deepEqual((await documents.get('user', document.id))?.touched, expected)
    await documents.commit([{ ...document, version: 1 }])
    assert.deepEqual((await documents.get('user', document.id))?.touched, expected)
    await documents.commit([{ op: 'delete', kind: 'user', id: document.id, version: 2 }])
    await documents.commit([document])
    assert.deepEqual((await documents.get('user', document.id))?.touched, {})
  })

  test('every commit, of this process or another, makes the revision one that never was; nothing else does', async () => {
    const { store, neighbour = store } = subject()
    const { documents } = store
    const document = user()
    const { id } = document
    const seen = [await documents.revision()]
    const afterEach = async (commit: () => Promise<void>) => {
      await commit()
      seen.push(await documents.revision())
      assert.equal(await documents.revision(), seen.at(-1), 'it stays while nothing is committed')
    }
    await afterEach(() => documents.commit([document]))
    await afterEach(() => neighbour.documents.commit([{ ...document, version: 1 }]))
    await afterEach(() => documents.commit([{ ...document, version: 2 }]))
    await afterEach(() => neighbour.documents.commit([{ op: 'delete', kind: 'user', id, version: 3 }]))
    assert.equal(new Set(seen).size, seen.length)

    await documents.commit([document])
    const before = await documents.revision()
    await documents.touch('user', id, { lastUsedAt: 1 })
    await assert.rejects(documents.commit([{ ...document, version: 7 }]), Conflict)
    await documents.get('user', id)
    assert.equal(await documents.revision(), before)
  })
}
