import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findViolations } from '../faults/checker.ts'
import type { Attempt, FaultPeriod } from '../faults/history.ts'

function attempt(action: Attempt['action'], at: number, overrides: Partial<Attempt> = {}): Attempt {
  return { action, family: 'a/1', startedAt: at, answeredAt: at + 10, status: 200, ...overrides }
}

function violationsOf(attempts: Attempt[], ...faults: FaultPeriod[]): string {
  return findViolations({ attempts, faults }).join('\n')
}

const blackhole: FaultPeriod = {
  name: 'blackhole',
  invisibleTo: ['refresh'],
  beganAt: 1000,
  healedAt: 5000,
  greenAt: 5500,
  calmUntil: 8500,
}

describe('The checker of fault runs', () => {
  it('has nothing to say about a session that worked until it was ended', () => {
    const ended = attempt('call', 1800, { status: 401 })
    assert.equal(violationsOf([attempt('call', 0), attempt('revoke', 100), attempt('call', 500), ended]), '')
  })

  it('sees a code that was won twice, and one that nobody could win', () => {
    const exchange = (status: number) => attempt('exchange', 0, { credential: 'code', status })
    assert.match(violationsOf([exchange(200), exchange(200)]), /code was won 2 times/)
    assert.match(violationsOf([exchange(400), exchange(400)]), /code was refused to everybody/)
    assert.equal(violationsOf([exchange(200), exchange(400)]), '')
    assert.equal(violationsOf([exchange(0), exchange(400)]), '', 'the answer of the winner was lost')
  })

  it('sees who is served a second after the end of the session was acknowledged', () => {
    const revoked = attempt('revoke', 100, { status: 503 })
    assert.equal(violationsOf([revoked, attempt('call', 3000)]), '', 'not acknowledged')
    assert.match(violationsOf([attempt('leave', 100), attempt('call', 1200)]), /accepted after its session/)
  })

  it('sees who is refused before, and whoever is answered about another', () => {
    assert.match(violationsOf([attempt('call', 0, { status: 401 })]), /without having done wrong/)
    assert.match(violationsOf([attempt('refresh', 0, { status: 400 })]), /without having done wrong/)
    assert.match(violationsOf([attempt('call', 0, { stranger: true })]), /another user/)
  })

  it('sees a refresh that noticed an outage, a slow recovery, and trouble after it', () => {
    const unavailable = (action: Attempt['action'], at: number) => attempt(action, at, { status: 503 })
    assert.equal(violationsOf([unavailable('call', 2000)], blackhole), '')
    assert.match(violationsOf([unavailable('refresh', 2000)], blackhole), /failed because of blackhole/)
    assert.match(violationsOf([unavailable('call', 6000)], blackhole), /failed in the calm after blackhole/)
    const promised = { ...blackhole, promisedFor: 4500 }
    assert.match(violationsOf([unavailable('refresh', 2000)], promised), /failed because of blackhole/)
    assert.equal(violationsOf([unavailable('refresh', 2000)], { ...promised, promisedFor: 3500 }), '')
    assert.match(violationsOf([], { ...blackhole, greenAt: 15_100 }), /took 10\.1 s until all worked/)
  })
})
