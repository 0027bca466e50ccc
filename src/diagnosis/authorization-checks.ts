import { createHash, randomBytes } from 'node:crypto'
import { broken, type Finding, holds } from './finding.ts'
import type { ResourceMetadata, ServerMetadata } from './metadata-checks.ts'
import { type Answer, describeAnswer, parseDocument, type Probe } from './probe.ts'
import type { Target } from './target.ts'

/** Claude Code's metadata document: it prefers that to registering, and the server knows it without fetching it. */
const claudeCode = 'https://claude.ai/oauth/claude-code-client-metadata'
const redirectUri = 'http://localhost:51819/callback'
/** More than that, and it is no way to a page but a circle. */
const longestWay = 5

export interface AuthorizationDeps {
  probe: Probe
  resource: ResourceMetadata
  server: ServerMetadata
}

const json = { 'content-type': 'application/json', accept: 'application/json' }

/**
 * Whether clients can make themselves known. Where metadata documents are served, a registration that must be refused
 * shows that the endpoint is reached, and leaves nothing behind; else one is really made.
 */
export async function checkRegistration(
  deps: AuthorizationDeps,
): Promise<{ findings: Finding[]; clientId: string }> {
  const { probe, server } = deps
  const isDocumentServed = server.client_id_metadata_document_supported
  const answer = await probe(server.registration_endpoint ?? '', {
    method: 'POST',
    headers: json,
    body: JSON.stringify({
      client_name: 'OpenTrace doctor',
      redirect_uris: isDocumentServed ? [] : [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    }),
  })
  const document = parseDocument(answer)
  const clientId = document?.['client_id']
  if (isDocumentServed && answer.status === 400 && typeof document?.['error'] === 'string') {
    const says =
      'Claude Code brings its metadata document; others can register. Nothing was registered for this check.'
    return { findings: [holds('registration', says)], clientId: claudeCode }
  }
  if (!isDocumentServed && answer.status === 201 && typeof clientId === 'string') {
    const says = `Registered as ${clientId}. That registration stays unused, and is removed after 30 days.`
    return { findings: [holds('registration', says)], clientId }
  }
  const mend = 'Have the proxy pass POST and its body on to /oauth/register, and errors back as they are.'
  return {
    findings: [broken('registration', `The answer to a registration is ${describeAnswer(answer)}.`, mend)],
    clientId: claudeCode,
  }
}

/** Goes where the browser goes, up to the page where a person signs in. */
export async function checkAuthorization(
  { origin, url }: Target,
  clientId: string,
  { probe, resource, server }: AuthorizationDeps,
): Promise<Finding[]> {
  const offline = server.scopes_supported.includes('offline_access') ? ['offline_access'] : []
  const request = new URL(server.authorization_endpoint)
  request.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    code_challenge: createHash('sha256').update(randomBytes(32)).digest('base64url'),
    code_challenge_method: 'S256',
    redirect_uri: redirectUri,
    state: randomBytes(16).toString('base64url'),
    scope: [...resource.scopes_supported, ...offline].join(' '),
    ...(offline.length > 0 ? { prompt: 'consent' } : {}),
    resource: url,
  }).toString()
  const { answer, left, cookies } = await follow(probe, request, origin)
  if (left !== undefined) {
    const reason = left.searchParams.get('error_description') ?? left.searchParams.get('error')
    return [
      broken(
        'authorization',
        reason === null
          ? `The browser is sent on to ${left.origin}, away from ${origin}.`
          : `The server refuses: ${reason}.`,
        reason === null
          ? 'See that PUBLIC_URL is the address people use, and that the proxy does not rewrite Location.'
          : 'Look at the log of the server at this time.',
      ),
    ]
  }
  if (answer.status !== 200 || !answer.headers['content-type']?.startsWith('text/html')) {
    const passCookies = 'Have the proxy pass Set-Cookie and Cookie on unchanged.'
    const lookUp =
      'Look at the log of the server at this time, and at rules of the proxy for /oauth/ and /interaction/.'
    return [
      broken(
        'authorization',
        `Instead of the sign-in page there is ${describeAnswer(answer)}${cookies ? '' : '; no cookie was set on the way'}.`,
        cookies ? lookUp : passCookies,
      ),
    ]
  }
  return [
    holds('authorization', 'A client gets to the sign-in page, with PKCE. Signing in is left to people.'),
  ]
}

/** Follows redirects within the origin as a browser does, cookies included. */
async function follow(probe: Probe, start: URL, origin: string) {
  const cookies = new Map<string, string>()
  let url = start
  let answer: Answer | undefined
  for (let hop = 0; hop < longestWay; hop++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { accept: 'text/html, application/json', ...(cookie === '' ? {} : { cookie }) }
    answer = await probe(url.href, { headers })
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line) ?? []
      if (name !== undefined && value !== undefined) cookies.set(name, value)
    }
    const { location } = answer.headers
    if (location === undefined) break
    url = new URL(location, url)
    if (url.origin !== origin) return { answer, left: url, cookies: cookies.size > 0 }
  }
  if (!answer) throw new Error('no request was made')
  return { answer, left: undefined, cookies: cookies.size > 0 }
}

/** Whether the token endpoint is reached, and its refusals come back as clients need them. */
export async function checkTokenEndpoint(
  { url }: Target,
  clientId: string,
  { probe, server }: AuthorizationDeps,
): Promise<Finding[]> {
  const answer = await probe(server.token_endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: 'no-such-code',
      code_verifier: randomBytes(32).toString('base64url'),
      redirect_uri: redirectUri,
      resource: url,
      client_id: clientId,
    }).toString(),
  })
  if (answer.status !== 400 || parseDocument(answer)?.['error'] !== 'invalid_grant') {
    return [
      broken(
        'token',
        `An invented code must be refused with invalid_grant (400), but the answer is ${describeAnswer(answer)}.`,
        'Have the proxy pass POST, its body and the bodies of errors on unchanged.',
      ),
    ]
  }
  // RFC 6749 §5.1. A cache in front would hand one person's tokens to another.
  return /no-store/.test(answer.headers['cache-control'] ?? '')
    ? [holds('token', 'An invented code is refused as it must be.')]
    : [
        broken(
          'token',
          'Its answers arrive without Cache-Control: no-store: something in front may keep tokens.',
          'Have the proxy pass Cache-Control on, and cache nothing of this host.',
        ),
      ]
}
