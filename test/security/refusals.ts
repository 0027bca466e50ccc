import assert from 'node:assert/strict'
import { redirectUri } from '../support/oauth-client.ts'

/** A refusal shown to the person as a page, because the error must not be redirected (RFC 6749 §4.1.2.1). */
export async function assertErrorPage(response: Response, error: string): Promise<string> {
  const html = await response.text()
  assert.equal(response.status, 400, html)
  assert.equal(response.headers.get('location'), null)
  assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
  assert.match(html, new RegExp(`\\b${error}\\b`))
  return html
}

/** A refusal sent back to the client's redirect URI (RFC 6749 §4.1.2.1), with state and issuer (RFC 9207 §2). */
export function assertErrorRedirect(response: Response, error: string, issuer: string): void {
  const location = new URL(response.headers.get('location') ?? 'none:')
  assert.equal(response.status, 303)
  assert.equal(`${location.origin}${location.pathname}`, redirectUri)
  assert.equal(location.searchParams.get('error'), error)
  assert.equal(location.searchParams.get('state'), 'st')
  assert.deepEqual(location.searchParams.getAll('iss'), [issuer])
  assert.equal(location.searchParams.get('code'), null)
}

/** A refusal in JSON (RFC 6749 §5.2, RFC 7591 §3.2.2). */
export async function assertJsonError(response: Response, status: number, error: string): Promise<void> {
  const text = await response.text()
  assert.equal(response.status, status, text)
  assert.equal((JSON.parse(text) as { error: string }).error, error, text)
}
