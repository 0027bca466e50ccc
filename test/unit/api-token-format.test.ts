import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { allowsAddress, parseAddressList } from '../../src/domain/address-list.ts'
import { parseExpiry } from '../../src/domain/api-token-expiry.ts'
import { apiTokenPattern, isApiToken, newApiToken } from '../../src/domain/api-token-format.ts'
import { DomainError } from '../../src/domain/errors.ts'

const hour = 60 * 60 * 1000

describe('The format of API tokens', () => {
  it('is a prefix, 40 random digits and the CRC-32 of both, all in base62', () => {
    const tokens = Array.from({ length: 200 }, newApiToken)
    assert.equal(new Set(tokens).size, 200)
    for (const token of tokens) {
      assert.match(token, /^ot_sat_[0-9A-Za-z]{46}$/)
      assert.ok(isApiToken(token))
    }
    assert.equal(new Set(tokens.join('')).size, 63, 'every digit occurs, and the underscore')
  })

  it('has the checksum that others compute (by Python’s zlib: 3o1MyP)', () => {
    assert.ok(isApiToken(`ot_sat_${'0'.repeat(40)}3o1MyP`))
    for (const wrong of ['', 'ot_sat_', `ot_sat_${'0'.repeat(40)}000000`, `ot_sat_${'0'.repeat(46)}\n`]) {
      assert.equal(isApiToken(wrong), false)
    }
  })

  it('is found in any text by the published expression', () => {
    const token = newApiToken()
    const found = `TOKEN="${token}" # ci`.match(new RegExp(apiTokenPattern, 'g'))
    assert.deepEqual(found, [token])
  })
})

describe('A list of addresses', () => {
  const rows: [list: string, inside: string[], outside: string[]][] = [
    ['', ['203.0.113.9', '2001:db8::1'], []],
    ['203.0.113.9', ['203.0.113.9'], ['203.0.113.8', '2001:db8::1']],
    ['203.0.113.0/24, 10.0.0.0/8', ['203.0.113.255', '10.9.9.9'], ['203.0.114.0', '11.0.0.0']],
    ['2001:db8::/32\n::1', ['2001:db8:ffff::1', '::1'], ['2001:db9::', '127.0.0.1']],
    ['0.0.0.0/0', ['127.0.0.1'], ['::1', 'unknown', '']],
  ]
  for (const [list, inside, outside] of rows) {
    it(`"${list.replace('\n', ' ')}" allows what it names, and nothing else`, () => {
      const blocks = parseAddressList(list)
      for (const address of inside) assert.ok(allowsAddress(blocks, address), address)
      for (const address of outside) assert.equal(allowsAddress(blocks, address), false, address)
    })
  }

  it('refuses what is no address, and names it', () => {
    for (const wrong of [
      '10.0.0.0/33',
      '10.0.0',
      '::/129',
      'example.com',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '/8',
    ]) {
      assert.throws(() => parseAddressList(`10.0.0.1 ${wrong}`), isRefusal('addresses'), wrong)
    }
  })
})

describe('The expiry of a token', () => {
  const now = Date.UTC(2026, 10, 22, 12)
  const strict = { now, allowsUnlimited: false }

  it('is counted in days, or is the end of a day, or absent where that is allowed', () => {
    assert.equal(parseExpiry({ choice: '30', date: '' }, strict), now + 30 * 24 * hour)
    assert.equal(parseExpiry({ choice: 'date', date: '2026-11-22' }, strict), now + 12 * hour - 1)
    assert.equal(parseExpiry({ choice: 'never', date: '' }, { now, allowsUnlimited: true }), undefined)
    assert.ok(parseExpiry({ choice: 'date', date: '2999-01-01' }, { now, allowsUnlimited: true }))
  })

  const refused: [choice: string, date: string, field: string][] = [
    ['never', '', 'expiry'],
    ['31', '', 'expiry'],
    ['', '', 'expiry'],
    ['date', '', 'date'],
    ['date', '2026-13-01', 'date'],
    ['date', '2026-11-21', 'date'],
    ['date', '2027-11-24', 'date'],
  ]
  for (const [choice, date, field] of refused) {
    it(`cannot be "${choice}" ${date}`, () => {
      assert.throws(() => parseExpiry({ choice, date }, strict), isRefusal(field))
    })
  }
})

function isRefusal(field: string) {
  return (error: unknown) => error instanceof DomainError && error.field === field
}
