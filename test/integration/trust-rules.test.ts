import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createAccount } from '../support/api-tokens.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'
import { openAs } from '../support/signed-in-browser.ts'

describe('The page of trusted CI identities', () => {
  let server: TestServer
  let path: string
  let accountId: string

  before(async () => {
    server = await startServer()
    const account = await createAccount(server, await populate(server))
    accountId = account.id
    path = `/organizations/acme/service-accounts/${account.id}/trust`
  })
  after(() => server.stop())

  const rules = () => server.domain.trustRules.list(accountId)

  it('adds a rule, shows what a job needs, and removes it', async () => {
    const ada = await openAs(server.origin, 'ada')
    const empty = await ada.open(path)
    assert.match(empty.html, /No job is trusted yet/)
    assert.ok(empty.html.includes(`service_account=${accountId}`))
    assert.ok(empty.html.includes(`resource=${server.origin}/o/acme/mcp/v1`))
    const added = await ada.submit(
      empty,
      { provider: 'github', repository: 'acme/shop', ref: 'main' },
      /\/trust$/,
    )
    assert.match(added.html, /Jobs that match the rule are let in/)
    assert.match(added.html, /acme\/shop/)
    const [rule] = await rules()
    assert.equal(rule?.ref, 'refs/heads/main')
    assert.equal(rule?.issuer, 'https://token.actions.githubusercontent.com')
    const removed = await ada.submit(added, {}, /\/remove$/)
    assert.match(removed.html, /The rule is removed/)
    assert.deepEqual(await rules(), [])
  })

  it('tells beside each field what is wrong with it, and keeps what was typed', async () => {
    const ada = await openAs(server.origin, 'ada')
    const page = await ada.open(path)
    const wrong: [Record<string, string>, RegExp][] = [
      [{ repository: 'shop' }, /Enter the whole name/],
      [{ repository: 'acme/*' }, /Enter the whole name/],
      [{ ref: '*main' }, /one \* at the end/],
      [{ issuer: 'http://ci.example.com' }, /an https:\/\/ address on the public internet/],
      [{ issuer: 'https://169.254.169.254' }, /an https:\/\/ address on the public internet/],
      [{ issuer: 'https://ci.internal' }, /an https:\/\/ address on the public internet/],
    ]
    for (const [fields, sentence] of wrong) {
      const form = { provider: 'gitlab', repository: 'acme/kept', ...fields }
      const answer = await ada.submit(page, form, /\/trust$/)
      assert.equal(answer.status, 422)
      assert.match(answer.html, sentence)
      assert.ok(answer.html.includes(`value="${Object.values(fields)[0]}"`))
    }
    assert.deepEqual(await rules(), [])
  })

  it('is for administrators', async () => {
    const mel = await openAs(server.origin, 'mel')
    assert.equal((await mel.open(path)).status, 403)
  })
})
