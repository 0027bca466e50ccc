import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { sha256 } from '../../src/domain/identifiers.ts'
import { type Subject, someToken } from './subject.ts'

export function secrecyRules(subject: () => Subject): void {
  test('whoever reads the whole store finds hashes of identifiers, never one that could be presented', async (t) => {
    const { store, dump } = subject()
    if (!dump) return t.skip('nobody else can read this memory')
    const [id, uid, userCode] = [randomUUID(), randomUUID(), randomUUID()]
    const owners = { userId: randomUUID(), clientId: randomUUID(), organizationId: randomUUID() }
    await store.artifacts.put(someToken({ id, uid, userCode, grantId: randomUUID(), ...owners }))
    await store.artifacts.consume('RefreshToken', id, { graceSeconds: 0 })
    const kept = await dump()
    for (const secret of [id, uid, userCode]) {
      assert.ok(kept.includes(sha256(secret)), 'the dump must hold the record')
      assert.ok(!kept.includes(secret), 'an identifier is readable')
    }
  })
}
