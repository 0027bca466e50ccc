import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { GrantRevoked } from '../../src/storage/contract.ts'
import { type Subject, someToken } from './subject.ts'

export function grantRules(subject: () => Subject): void {
  test('a revoked grant takes its records along, and nobody else’s', async () => {
    const { artifacts } = subject().store
    const grantId = randomUUID()
    const grant = someToken({ model: 'Grant', id: grantId, grantId })
    const token = someToken({ grantId, userId: randomUUID(), uid: randomUUID() })
    const other = someToken({ grantId: randomUUID() })
    for (const artifact of [grant, token, other]) await artifacts.put(artifact)
    await artifacts.revokeGrant(grantId)
    await artifacts.revokeGrant(grantId)
    assert.equal(await artifacts.get('Grant', grantId), undefined)
    assert.equal(await artifacts.get(token.model, token.id), undefined)
    assert.equal(await artifacts.findByUid(token.model, token.uid ?? ''), undefined)
    assert.deepEqual((await artifacts.list(token.model, { userId: token.userId ?? '' })).items, [])
    assert.equal(await artifacts.consume(token.model, token.id, { graceSeconds: 60 }), 'missing')
    assert.ok(await artifacts.get(other.model, other.id))
  })

  test('nothing can be put under a revoked grant, known or not', async () => {
    const { store, neighbour = store } = subject()
    const grantId = randomUUID()
    await store.artifacts.revokeGrant(grantId)
    const token = someToken({ grantId })
    await assert.rejects(neighbour.artifacts.put(token), GrantRevoked)
    assert.equal(await store.artifacts.get(token.model, token.id), undefined)
  })

  test('a revocation among 200 parallel writers leaves nothing alive', async () => {
    const { store, neighbour = store } = subject()
    const grantId = randomUUID()
    const tokens = Array.from({ length: 200 }, () => someToken({ grantId }))
    const outcomes: string[] = []
    const write = async (i: number) => {
      // Writers keep coming, some before, some during, some after the revocation.
      for (let n = i; n < tokens.length; n += 20) {
        const token = tokens[n]
        if (!token) continue
        const { artifacts } = n % 2 === 0 ? store : neighbour
        await artifacts.put(token).then(
          () => outcomes.push('written'),
          (error: unknown) => outcomes.push(error instanceof GrantRevoked ? 'refused' : String(error)),
        )
        if (n === 63) await store.artifacts.revokeGrant(grantId)
      }
    }
    await Promise.all(Array.from({ length: 20 }, (_, i) => write(i)))
    assert.deepEqual(new Set(outcomes), new Set(['written', 'refused']))
    const left = await Promise.all(tokens.map(({ model, id }) => store.artifacts.get(model, id)))
    assert.equal(left.filter((token) => token !== undefined).length, 0)
  })
}
