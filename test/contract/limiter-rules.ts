import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Subject } from './subject.ts'

export function limiterRules(subject: () => Subject): void {
  test('of 50 parallel hits on two processes exactly the limit is allowed', async () => {
    const { store, neighbour = store } = subject()
    const key = randomUUID()
    const hits = Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? store : neighbour)).map(({ limiter }) =>
      limiter.hit(key, { limit: 10, windowSeconds: 60 }),
    )
    const answers = await Promise.all(hits)
    const allowed = answers.filter((answer) => answer.allowed)
    assert.equal(allowed.length, 10)
    const remaining = allowed.map((answer) => answer.remaining).toSorted((a, b) => b - a)
    assert.deepEqual(remaining, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
    assert.ok(answers.every(({ retryAfterSeconds: after }) => after >= 59 && after <= 60))
  })

  test('several hits count as many, also those that begin a window', async () => {
    const { store, neighbour = store } = subject()
    const [key, rule] = [randomUUID(), { limit: 10, windowSeconds: 60 }]
    assert.equal((await store.limiter.hit(key, rule, 4)).remaining, 6)
    assert.equal((await neighbour.limiter.hit(key, rule, 5)).remaining, 1)
    const last = await store.limiter.hit(key, rule, 2)
    assert.equal(last.allowed, false)
    assert.ok(last.retryAfterSeconds >= 59)
  })

  test('a refund takes one hit back, and never makes a window', async () => {
    const { limiter } = subject().store
    const key = randomUUID()
    const rule = { limit: 1, windowSeconds: 60 }
    await limiter.refund(key)
    assert.equal((await limiter.hit(key, rule)).allowed, true)
    await limiter.refund(key)
    assert.equal((await limiter.hit(key, rule)).allowed, true)
    assert.equal((await limiter.hit(key, rule)).allowed, false)
  })

  test('a window ends, however often it is hit, and the next begins empty', async () => {
    const { limiter } = subject().store
    const key = randomUUID()
    const rule = { limit: 1, windowSeconds: 0.6 }
    assert.deepEqual(await limiter.hit(key, rule), { allowed: true, remaining: 0, retryAfterSeconds: 1 })
    await sleep(300)
    assert.deepEqual(await limiter.hit(key, rule), { allowed: false, remaining: 0, retryAfterSeconds: 1 })
    await sleep(380)
    assert.equal((await limiter.hit(key, rule)).allowed, true)
  })
}
