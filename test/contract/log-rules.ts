import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogEntry } from '../../src/storage/contract.ts'
import type { Subject } from './subject.ts'

const numbers = (entries: LogEntry[]) => entries.map(({ entry }) => entry['n'])

export function logRules(subject: () => Subject): void {
  test('entries are paged in both directions, each from where the page before ended', async () => {
    const { logs } = subject().store
    const stream = randomUUID()
    const ids: string[] = []
    for (let n = 0; n < 5; n += 1) ids.push(await logs.append(stream, { n }))
    await logs.append(randomUUID(), { n: 'of another stream' })

    const newest = await logs.page(stream, { limit: 3, order: 'newest-first' })
    assert.deepEqual(numbers(newest), [4, 3, 2])
    assert.deepEqual(
      newest.map(({ id }) => id),
      ids.toReversed().slice(0, 3),
    )
    assert.ok(Math.abs((newest[0]?.at ?? 0) - Date.now()) < 1000)
    const older = await logs.page(stream, { limit: 3, order: 'newest-first', from: newest.at(-1)?.id })
    assert.deepEqual(numbers(older), [1, 0])

    const oldest = await logs.page(stream, { limit: 2, order: 'oldest-first' })
    assert.deepEqual(numbers(oldest), [0, 1])
    const later = await logs.page(stream, { limit: 9, order: 'oldest-first', from: oldest.at(-1)?.id })
    assert.deepEqual(numbers(later), [2, 3, 4])
  })

  test('a stream keeps its newest entries', async () => {
    const { logs } = subject().store
    const stream = randomUUID()
    for (let n = 0; n < 6; n += 1) await logs.append(stream, { n }, { maxEntries: 3 })
    assert.deepEqual(numbers(await logs.page(stream, { limit: 9, order: 'oldest-first' })), [3, 4, 5])
  })

  test('an entry is gone when its time is over, whether or not others follow', async () => {
    const { logs } = subject().store
    const stream = randomUUID()
    for (const n of [1, 2, 3]) await logs.append(stream, { n }, { ttlSeconds: 0.2 })
    await sleep(150)
    await logs.append(stream, { n: 4 }, { ttlSeconds: 0.2 })
    await sleep(100)
    assert.deepEqual(numbers(await logs.page(stream, { limit: 2, order: 'oldest-first' })), [4])
    await sleep(150)
    assert.deepEqual(await logs.page(stream, { limit: 2, order: 'newest-first' }), [])
  })

  test('a dropped stream is empty, and what is appended later comes after every id given out before', async () => {
    const { logs } = subject().store
    const stream = randomUUID()
    const before = await logs.append(stream, { n: 1 })
    await logs.drop(stream)
    assert.deepEqual(await logs.page(stream, { limit: 9, order: 'oldest-first' }), [])
    await sleep(2)
    await logs.append(stream, { n: 2 })
    assert.deepEqual(numbers(await logs.page(stream, { limit: 9, order: 'oldest-first', from: before })), [2])
  })
}
