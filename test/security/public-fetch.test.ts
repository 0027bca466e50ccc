import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPublicFetch, type LookupAll, type ProviderRequest } from '../../src/upstream/public-fetch.ts'
import { isPublicAddress } from '../../src/upstream/special-use-addresses.ts'

const get: ProviderRequest = { method: 'GET', headers: {}, body: null, redirect: 'manual', signal: null }

/** DNS that says one thing about every name. */
function resolvingTo(...addresses: string[]): LookupAll {
  return (_hostname, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
}

const refuseToLookUp: LookupAll = (hostname) => {
  throw new Error(`${hostname} must not be looked up`)
}

for (const url of [
  'http://idp.example/x',
  'https://127.0.0.1/x',
  'https://[::1]/x',
  'https://0x7f000001/x',
  'https://idp.example:8443/x',
  'https://localhost/x',
  'https://metadata.internal/x',
  'https://intranet/x',
]) {
  test(`an issuer of an organization is never asked at ${url} (SSRF)`, async () => {
    await assert.rejects(createPublicFetch({ lookup: refuseToLookUp })(url, get), /no public host/)
  })
}

test('a name is not connected to when any of its addresses is not public (SSRF, DNS rebinding)', async () => {
  for (const addresses of [
    ['127.0.0.1'],
    ['93.184.216.34', '10.0.0.1'],
    ['::1'],
    ['::ffff:169.254.169.254'],
  ]) {
    const fetch = createPublicFetch({ lookup: resolvingTo(...addresses) })
    await assert.rejects(fetch('https://idp.example/x', get), /not public/, addresses.join())
  }
})

test('special-use addresses are told from public ones (RFC 6890)', () => {
  for (const address of ['93.184.216.34', '8.8.8.8', '2606:2800:220:1::1', '172.15.255.255', '100.128.0.1']) {
    assert.equal(isPublicAddress(address), true, address)
  }
  for (const address of [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.31.0.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    'fc00::1',
    'fe80::1',
    'ff02::1',
    '2001:db8::1',
    '2002:7f00:1::',
  ]) {
    assert.equal(isPublicAddress(address), false, address)
  }
})
