import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sha256 } from '../../src/domain/identifiers.ts'
import { type Subject, someToken, tally } from './subject.ts'

export function artifactRules(subject: () => Subject): void {
  test('what was put is read back, by the other process too, until it is deleted', async () => {
    const { store, neighbour } = subject()
    const token = someToken({ payload: { text: 'ü "quoted" \u0000', nested: { list: [1, null, true] } } })
    await store.artifacts.put(token)
    const expected = { payload: token.payload, expiresAt: token.expiresAt, consumedAt: undefined }
    assert.deepEqual(await store.artifacts.get(token.model, token.id), expected)
    assert.deepEqual(await (neighbour ?? store).artifacts.get(token.model, token.id), expected)
    assert.equal(await store.artifacts.get('AccessToken', token.id), undefined, 'models do not mix')
    await store.artifacts.delete(token.model, token.id)
    assert.equal(await store.artifacts.get(token.model, token.id), undefined)
  })

  test('of many records that are looked for at once those are told that are there, by the other process too', async () => {
    const { store, neighbour = store } = subject()
    const tokens = Array.from({ length: 7 }, () => someToken({ grantId: randomUUID() }))
    for (const token of tokens) await store.artifacts.put(token)
    const look = () => Promise.all(tokens.map(({ model, id }) => neighbour.artifacts.has(model, sha256(id))))
    assert.deepEqual(await look(), Array(7).fill(true))
    const [first, , , fourth] = tokens
    assert(first && fourth)
    await store.artifacts.delete(first.model, first.id)
    await store.artifacts.revokeGrant(fourth.grantId ?? '')
    const expected = tokens.map(({ grantId }, i) => i > 0 && grantId !== fourth.grantId)
    assert.deepEqual(await look(), expected)
    assert.equal(
      await store.artifacts.has('AccessToken', sha256(tokens[1]?.id ?? '')),
      false,
      'models do not mix',
    )
  })

  test('a record without expiry stays', async () => {
    const { artifacts } = subject().store
    const { expiresAt: _none, ...client } = someToken({ model: 'Client', clientId: randomUUID() })
    await artifacts.put(client)
    assert.deepEqual((await artifacts.get('Client', client.id))?.expiresAt, undefined)
    assert.equal((await artifacts.list('Client', { clientId: client.clientId ?? '' })).items.length, 1)
  })

  test('an expired record never comes back: not by id, uid, user code, list or consume', async () => {
    const { artifacts } = subject().store
    const [uid, userCode, userId] = [randomUUID(), randomUUID(), randomUUID()]
    const token = someToken({ uid, userCode, userId, expiresAt: Date.now() + 600 })
    await artifacts.put(token)
    assert.equal((await artifacts.list(token.model, { userId })).items.length, 1)
    await sleep(650)
    assert.equal(await artifacts.consume(token.model, token.id, { graceSeconds: 60 }), 'missing')
    assert.equal(await artifacts.get(token.model, token.id), undefined)
    assert.equal(await artifacts.findByUid(token.model, uid), undefined)
    assert.equal(await artifacts.findByUserCode(token.model, userCode), undefined)
    assert.deepEqual((await artifacts.list(token.model, { userId })).items, [])
  })

  test('putting again with a later expiry keeps the record alive', async () => {
    const { artifacts } = subject().store
    const userId = randomUUID()
    const token = someToken({ userId, expiresAt: Date.now() + 600 })
    await artifacts.put(token)
    await artifacts.put({ ...token, payload: { renewed: true }, expiresAt: Date.now() + 60_000 })
    await sleep(650)
    assert.deepEqual((await artifacts.get(token.model, token.id))?.payload, { renewed: true })
    assert.equal((await artifacts.list(token.model, { userId })).items.length, 1)
  })

  test('a pointer leads to the record that was put last with it, and only while that record has it', async () => {
    const { artifacts } = subject().store
    const [uid, userCode] = [randomUUID(), randomUUID()]
    const older = someToken({ model: 'Session', payload: { name: 'older' }, uid, userCode })
    const newer = someToken({ model: 'Session', payload: { name: 'newer' }, uid, userCode })
    await artifacts.put(older)
    await artifacts.put(newer)
    await artifacts.delete('Session', older.id)
    assert.deepEqual((await artifacts.findByUid('Session', uid))?.payload, { name: 'newer' })
    assert.deepEqual((await artifacts.findByUserCode('Session', userCode))?.payload, { name: 'newer' })
    await artifacts.put({ ...newer, uid: undefined, userCode: undefined })
    assert.equal(await artifacts.findByUid('Session', uid), undefined)
    assert.equal(await artifacts.findByUserCode('Session', userCode), undefined)
  })

  test('of 50 parallel uses of a code one is first and 49 are replays (RFC 6749 §4.1.2)', async () => {
    const { store, neighbour = store } = subject()
    const code = someToken({ model: 'AuthorizationCode' })
    await store.artifacts.put(code)
    const uses = Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? store : neighbour))
    const answers = await Promise.all(
      uses.map(({ artifacts }) => artifacts.consume(code.model, code.id, { graceSeconds: 0 })),
    )
    assert.deepEqual(tally(answers), { first: 1, replay: 49 })
  })

  test('a spent record says when, and allows others within the grace only', async () => {
    const { artifacts } = subject().store
    const token = someToken()
    await artifacts.put(token)
    assert.equal(await artifacts.consume(token.model, 'another', { graceSeconds: 1 }), 'missing')
    assert.equal(await artifacts.consume(token.model, token.id, { graceSeconds: 0.8 }), 'first')
    assert.equal(await artifacts.consume(token.model, token.id, { graceSeconds: 0.8 }), 'grace')
    const consumedAt = (await artifacts.get(token.model, token.id))?.consumedAt ?? 0
    assert.ok(Math.abs(Date.now() - consumedAt) < 1000)
    await sleep(900)
    assert.equal(await artifacts.consume(token.model, token.id, { graceSeconds: 0.8 }), 'replay')
  })

  test('spent stays spent, also when the record is put again', async () => {
    const { artifacts } = subject().store
    const code = someToken({ model: 'AuthorizationCode' })
    await artifacts.put(code)
    await artifacts.consume(code.model, code.id, { graceSeconds: 0 })
    await artifacts.put(code)
    assert.equal(await artifacts.consume(code.model, code.id, { graceSeconds: 0 }), 'replay')
  })

  test('a list has the live records of one owner, latest expiry first, page by page, ties included', async () => {
    const { artifacts } = subject().store
    const organizationId = randomUUID()
    const soon = Date.now() + 60_000
    const expiries = [soon + 1, soon + 3, soon + 2, soon + 2, soon + 2, soon + 2, soon + 9]
    const tokens = expiries.map((expiresAt, n) => someToken({ payload: { n }, organizationId, expiresAt }))
    await Promise.all(tokens.map((token) => artifacts.put(token)))
    await artifacts.put(someToken({ organizationId: randomUUID() }))
    await artifacts.delete('RefreshToken', tokens[6]?.id ?? '')

    const seen: number[] = []
    let cursor: string | undefined
    do {
      const page = await artifacts.list('RefreshToken', { organizationId }, { limit: 2, cursor })
      assert.ok(page.items.length <= 2)
      seen.push(...page.items.map(({ payload }) => Number(payload['n'])))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    assert.deepEqual(
      seen.map((n) => expiries[n]),
      [soon + 3, soon + 2, soon + 2, soon + 2, soon + 2, soon + 1],
    )
    assert.equal(new Set(seen).size, 6, 'none twice')
  })

  test('a record that changes owner leaves the list of the old one', async () => {
    const { artifacts } = subject().store
    const [before, now] = [randomUUID(), randomUUID()]
    const token = someToken({ userId: before })
    await artifacts.put(token)
    await artifacts.put({ ...token, userId: now })
    assert.equal((await artifacts.list(token.model, { userId: before })).items.length, 0)
    assert.equal((await artifacts.list(token.model, { userId: now })).items.length, 1)
  })

  test('a cursor nobody gave out starts from the beginning', async () => {
    const { artifacts } = subject().store
    const userId = randomUUID()
    await artifacts.put(someToken({ userId }))
    const page = await artifacts.list('RefreshToken', { userId }, { cursor: '); drop table' })
    assert.equal(page.items.length, 1)
  })
}
