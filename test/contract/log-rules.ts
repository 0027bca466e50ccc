import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogEntry } from '../../src/storage/contract.ts'
import type { Subject } from './subject.ts'

const parity = (n: number) => [n % 2 === 0 ? 'even' : 'odd', 'all']
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
    for (const n of [1, 2, 3]) await logs.append(stream, { n }, { ttlSeconds: 0.8 })
    await sleep(600)
    await logs.append(stream, { n: 4 }, { ttlSeconds: 0.8 })
    await sleep(400)
    assert.deepEqual(numbers(await logs.page(stream, { limit: 2, order: 'oldest-first' })), [4])
    await sleep(600)
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

  test('entries are found by each of their labels, in both directions and from where a page ended', async () => {
    const { logs } = subject().store
    const stream = randomUUID()
    await logs.append(stream, { n: 0 }, { ttlSeconds: 60, labels: parity(0) })
    const more = [1, 2, 3, 4].map((n) => ({ entry: { n }, labels: parity(n) }))
    await logs.appendAll(stream, more, { ttlSeconds: 60 })
    await logs.append(randomUUID(), { n: 'of another stream' }, { ttlSeconds: 60, labels: ['even'] })

    const even = await logs.page(stream, { limit: 2, order: 'newest-first', label: 'even' })
    assert.deepEqual(numbers(even), [4, 2])
    const from = even.at(-1)?.id
    assert.deepEqual(
      numbers(await logs.page(stream, { limit: 9, order: 'newest-first', label: 'even', from })),
      [0],
    )
    assert.deepEqual(
      numbers(await logs.page(stream, { limit: 9, order: 'oldest-first', label: 'even', from })),
      [4],
    )
    assert.deepEqual(
      numbers(await logs.page(stream, { limit: 9, order: 'oldest-first', label: 'odd' })),
      [1, 3],
    )
    assert.equal((await logs.page(stream, { limit: 9, order: 'oldest-first', label: 'all' })).length, 5)
    assert.deepEqual(await logs.page(stream, { limit: 9, order: 'oldest-first', label: 'none' }), [])
    await logs.drop(stream)
    assert.deepEqual(await logs.page(stream, { limit: 9, order: 'oldest-first', label: 'even' }), [])
  })

  test('a page keeps to its times, of which the first is included and the last is not', async () => {
    const { logs } = subject().store
    const stream = randomUUID()
    for (const n of [0, 1, 2]) {
      await logs.append(stream, { n }, { ttlSeconds: 60, labels: ['all'] })
      await sleep(5)
    }
    const all = await logs.page(stream, { limit: 9, order: 'oldest-first' })
    const [, middle, last] = all.map(({ at }) => at)
    for (const label of [undefined, 'all']) {
      const pageOf = async (times: { since?: number | undefined; before?: number | undefined }) => [
        numbers(await logs.page(stream, { limit: 9, order: 'newest-first', label, ...times })),
        numbers(await logs.page(stream, { limit: 9, order: 'oldest-first', label, ...times })),
      ]
      assert.deepEqual(await pageOf({ since: middle }), [
        [2, 1],
        [1, 2],
      ])
      assert.deepEqual(await pageOf({ since: middle, before: last }), [[1], [1]])
      assert.deepEqual(await pageOf({ before: middle }), [[0], [0]])
      assert.deepEqual(await pageOf({ since: Date.now() + 1000 }), [[], []])
      assert.deepEqual(await pageOf({ before: 1 }), [[], []])
    }
    const from = all[0]?.id
    const next = await logs.page(stream, { limit: 9, order: 'oldest-first', from, before: last })
    assert.deepEqual(numbers(next), [1])
  })

  test('entries end sooner when their stream is shortened, and never later', async () => {
    const { logs } = subject().store
    const [stream, brief] = [randomUUID(), randomUUID()]
    const pageOf = (name: string) => logs.page(name, { limit: 9, order: 'oldest-first', label: 'a' })
    await logs.append(stream, { n: 1 }, { ttlSeconds: 60, labels: ['a'] })
    await logs.append(brief, { n: 1 }, { ttlSeconds: 0.5, labels: ['a'] })
    await sleep(20)
    await logs.shorten(stream, { ttlSeconds: 0.9 })
    await logs.shorten(brief, { ttlSeconds: 60 })
    assert.deepEqual(numbers(await pageOf(stream)), [1])
    await sleep(550)
    assert.deepEqual(await pageOf(brief), [])
    await sleep(450)
    assert.deepEqual(await pageOf(stream), [])
    await logs.append(stream, { n: 2 }, { ttlSeconds: 60, labels: ['a'] })
    assert.deepEqual(numbers(await pageOf(stream)), [2])
  })
}
