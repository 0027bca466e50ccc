import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Subject } from './subject.ts'

async function until(condition: () => boolean): Promise<void> {
  // A second is promised; a machine that does much else at once gets more.
  const giveUpAt = Date.now() + 5000
  while (!condition()) {
    assert.ok(Date.now() < giveUpAt, 'nothing was delivered within five seconds')
    await sleep(5)
  }
}

export function busRules(subject: () => Subject): void {
  test('a message reaches every subscriber of its channel, in this process and the others, once and in order', async () => {
    const { store, neighbour } = subject()
    const [channel, other] = [randomUUID(), randomUUID()]
    const received: Record<string, string[]> = { here: [], hereToo: [], there: [], elsewhere: [] }
    await store.bus.subscribe(channel, (message) => received['here']?.push(message))
    await store.bus.subscribe(channel, (message) => received['hereToo']?.push(message))
    await store.bus.subscribe(other, (message) => received['elsewhere']?.push(message))
    await neighbour?.bus.subscribe(channel, (message) => received['there']?.push(message))
    await store.bus.publish(channel, 'one')
    await store.bus.publish(channel, 'two')
    const expected = ['one', 'two']
    const there = neighbour ? expected : []
    await until(() => [received['here'], received['hereToo']].every((messages) => messages?.length === 2))
    await until(() => received['there']?.length === there.length)
    await sleep(60)
    assert.deepEqual(received, { here: expected, hereToo: expected, there, elsewhere: [] })
  })

  test('a subscription that ended hears nothing more, and ends no other', async () => {
    const { bus } = subject().store
    const channel = randomUUID()
    const [ended, kept]: [string[], string[]] = [[], []]
    const unsubscribe = await bus.subscribe(channel, (message) => ended.push(message))
    await bus.subscribe(channel, (message) => kept.push(message))
    await unsubscribe()
    await bus.publish(channel, 'hello')
    await until(() => kept.length === 1)
    assert.deepEqual(ended, [])
  })
}
