import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createAllowedOrigins } from '../../src/http/allowed-origins.ts'

const own = 'https://trace.example.com'
const laptop = 'http://localhost:3000'

const cases: [publicUrl: string, origin: string, allowed: boolean][] = [
  [own, own, true],
  [own, 'null', false],
  [own, 'https://evil.example', false],
  [own, 'https://trace.example.com.evil.example', false],
  [own, 'http://trace.example.com', false],
  [own, 'https://trace.example.com:8443', false],
  [own, 'http://localhost:6274', false],
  [laptop, laptop, true],
  [laptop, 'http://localhost:6274', true],
  [laptop, 'http://127.0.0.1:6274', true],
  [laptop, 'http://[::1]:6274', true],
  [laptop, 'null', false],
  [laptop, 'https://localhost:6274', false],
  [laptop, 'http://localhost.evil.example', false],
  [laptop, 'http://evil.example', false],
  [laptop, '', false],
]

for (const [publicUrl, origin, allowed] of cases) {
  it(`${publicUrl} ${allowed ? 'allows' : 'refuses'} the origin "${origin}" (MCP Streamable HTTP, Security)`, () => {
    assert.equal(createAllowedOrigins(publicUrl)(origin), allowed)
  })
}
