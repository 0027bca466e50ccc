import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createCallCounter } from '../../src/mcp/call-counter.ts'
import type { Limiter } from '../../src/storage/contract.ts'

const rule = { limit: 100, windowSeconds: 60 }

/** A store that several processes tell of their hits, and a clock. */
function createWorld() {
  let [told, asked, clock, endsAt] = [0, 0, 1_000_000, 0]
  const hit: Limiter['hit'] = async (_key, { limit, windowSeconds }, hits = 1) => {
    asked += 1
    if (clock >= endsAt) [told, endsAt] = [0, clock + windowSeconds * 1000]
    told += hits
    const retryAfterSeconds = Math.max(1, Math.ceil((endsAt - clock) / 1000))
    return { allowed: told <= limit, remaining: Math.max(0, limit - told), retryAfterSeconds }
  }
  return {
    process: () => createCallCounter({ limiter: { hit }, now: () => clock }),
    asked: () => asked,
    pass: (ms: number) => void (clock += ms),
  }
}

async function callTimes(process: Pick<Limiter, 'hit'>, times: number): Promise<number> {
  let allowed = 0
  for (let i = 0; i < times; i++) if ((await process.hit('ada', rule)).allowed) allowed += 1
  return allowed
}

describe('Counting calls', () => {
  it('lets one process do exactly as many as the limit says, in this window and the next', async () => {
    const { process, pass } = createWorld()
    const only = process()
    assert.equal(await callTimes(only, 150), 100)
    pass(60_000)
    assert.equal(await callTimes(only, 150), 100)
  })

  it('asks the store seldom while little is used', async () => {
    const { process, asked } = createWorld()
    assert.equal(await callTimes(process(), 40), 40)
    assert.ok(asked() <= 3, `${asked()} times`)
  })

  it('lets two processes do at most fifteen more together', async () => {
    for (const first of [1, 5, 16, 17, 30, 52]) {
      const { process } = createWorld()
      const [one, other] = [process(), process()]
      const allowed = (await callTimes(one, first)) + (await callTimes(other, 150))
      assert.ok(allowed >= 100 && allowed <= 115, `${allowed} with ${first} by the first`)
    }
  })

  it('counts calls that begin at the same time one by one', async () => {
    const { process } = createWorld()
    const only = process()
    const answers = await Promise.all(Array.from({ length: 150 }, () => only.hit('ada', rule)))
    assert.equal(answers.filter(({ allowed }) => allowed).length, 100)
  })
})
