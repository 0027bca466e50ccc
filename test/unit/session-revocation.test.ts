import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ClientSession, ClientSessions } from '../../src/domain/client-sessions.ts'
import { revokeSessions } from '../../src/domain/session-revocation.ts'
import { StoreUnavailable } from '../../src/storage/contract.ts'

const sessions = ['a', 'b', 'c'].map((id) => ({ id })) as ClientSession[]
const byOperator = () => ({ kind: 'operator' }) as const

function endingAllBut(failing: string[], error: Error): ClientSessions {
  const end = (id: string) => (failing.includes(id) ? Promise.reject(error) : Promise.resolve())
  return { end } as unknown as ClientSessions
}

describe('A revocation of several sessions', () => {
  const outage = new StoreUnavailable('gone')

  it('is never told as done when part of it was not', async () => {
    const outcome = await revokeSessions(endingAllBut(['b'], outage), sessions, byOperator)
    assert.deepEqual(outcome, { ended: 2, failed: 1 })
  })

  it('is an outage when nothing of it was done', async () => {
    await assert.rejects(revokeSessions(endingAllBut(['a', 'b', 'c'], outage), sessions, byOperator), outage)
  })

  it('hides no defect', async () => {
    const defect = new TypeError('defect')
    await assert.rejects(revokeSessions(endingAllBut(['c'], defect), sessions, byOperator), defect)
  })
})
