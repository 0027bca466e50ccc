import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { Conflict } from '../../src/storage/contract.ts'
import { type Subject, tally } from './subject.ts'

export function blobRules(subject: () => Subject): void {
  test('bytes are kept as they are, and replaced only by who knows their revision', async () => {
    const { blobs } = subject().store
    const key = randomUUID()
    const bytes = randomBytes(300_000)
    assert.equal(await blobs.get(key), undefined)
    assert.equal(await blobs.put(key, bytes, 0), 1)
    const stored = await blobs.get(key)
    assert.ok(stored !== undefined && stored !== 'unchanged')
    assert.equal(stored.revision, 1)
    assert.ok(bytes.equals(stored.bytes))
    await assert.rejects(blobs.put(key, bytes, 0), { name: 'Conflict', reason: 'version' })
    await assert.rejects(blobs.put(key, bytes, 2), Conflict)
    assert.equal(await blobs.put(key, new Uint8Array([1]), 1), 2)
    await blobs.delete(key)
    assert.equal(await blobs.get(key), undefined)
    await assert.rejects(blobs.put(key, bytes, 2), Conflict)
  })

  test('who has the newest revision is told so instead of being sent it', async () => {
    const { blobs } = subject().store
    const key = randomUUID()
    assert.equal(await blobs.get(key, { unlessRevision: 1 }), undefined)
    await blobs.put(key, new Uint8Array([1]), 0)
    assert.equal(await blobs.get(key, { unlessRevision: 1 }), 'unchanged')
    await blobs.put(key, new Uint8Array([2]), 1)
    const stored = await blobs.get(key, { unlessRevision: 1 })
    assert.ok(stored !== undefined && stored !== 'unchanged')
    assert.deepEqual([...stored.bytes], [2])
  })

  test('of 20 parallel writers with one revision exactly one wins', async () => {
    const { store, neighbour = store } = subject()
    const key = randomUUID()
    const attempts = Array.from({ length: 20 }, async (_, i) => {
      const { blobs } = i % 2 === 0 ? store : neighbour
      return blobs.put(key, new Uint8Array([i]), 0).then(
        () => 'won',
        (error: unknown) => (error instanceof Conflict ? 'lost' : String(error)),
      )
    })
    assert.deepEqual(tally(await Promise.all(attempts)), { won: 1, lost: 19 })
  })
}
