import { createHash, randomBytes } from 'node:crypto'
import { type Browser, createBrowser, type Page } from './browser.ts'
import { password } from './server.ts'

export const redirectUri = 'http://127.0.0.1:5000/callback'
export const claudeCode = 'https://claude.ai/oauth/claude-code-client-metadata'

/** What a token endpoint answered. */
export interface Tokens {
  access_token: string
  refresh_token: string
  expires_in: number
  scope: string
  token_type: string
}

/** A PKCE pair (RFC 7636 §4). */
export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** Registers a native public client and gives its id. */
export async function register(origin: string, metadata: Record<string, unknown> = {}): Promise<string> {
  const response = await fetch(`${origin}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Test client',
      redirect_uris: ['http://127.0.0.1/callback'],
      ...metadata,
    }),
  })
  if (response.status !== 201) throw new Error(`registration: ${response.status} ${await response.text()}`)
  return ((await response.json()) as { client_id: string }).client_id
}

export interface AuthorizationOptions {
  email?: string
  organization?: string
  clientId?: string
  redirectUri?: string
  browser?: Browser
  parameters?: Record<string, string>
}

/** The authorization URL of a client, with parameters replaced; an empty value removes one. */
export function authorizationUrl(origin: string, parameters: Record<string, string>): string {
  const url = new URL('/oauth/authorize', origin)
  const all = {
    response_type: 'code',
    redirect_uri: redirectUri,
    code_challenge_method: 'S256',
    scope: 'architecture:read',
    state: 'st',
    resource: `${origin}/mcp/v1`,
    ...parameters,
  }
  for (const [name, value] of Object.entries(all)) if (value !== '') url.searchParams.set(name, value)
  return url.href
}

/** Goes through sign-in and consent as a person would, up to the redirect that carries the code. */
export async function authorize(origin: string, options: AuthorizationOptions = {}) {
  const clientId = options.clientId ?? (await register(origin))
  const { verifier, challenge } = pkce()
  const browser = options.browser ?? createBrowser(origin)
  const url = authorizationUrl(origin, {
    client_id: clientId,
    code_challenge: challenge,
    redirect_uri: options.redirectUri ?? redirectUri,
    ...options.parameters,
  })
  const consent = await signInAt(browser, await browser.open(url), options.email)
  const answer = await browser.submit(consent, {
    organization: options.organization ?? 'acme',
    decision: 'allow',
  })
  const code = new URL(answer.url).searchParams.get('code')
  if (code === null) throw new Error(`no code: ${answer.status} ${answer.url} ${answer.html.slice(0, 500)}`)
  return {
    clientId,
    verifier,
    code,
    browser,
    callback: new URL(answer.url),
    redirectUri: options.redirectUri ?? redirectUri,
  }
}

/** Fills the sign-in form of an interaction, when that is the page. */
export async function signInAt(browser: Browser, page: Page, email = 'ada@example.com'): Promise<Page> {
  return page.html.includes('name="password"') ? browser.submit(page, { email, password }) : page
}

/** A form post to an OAuth endpoint. */
export async function post(
  url: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
) {
  return fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers })
}

/** The fields of a code exchange. */
export function exchangeFields(grant: Awaited<ReturnType<typeof authorize>>): Record<string, string> {
  return {
    grant_type: 'authorization_code',
    client_id: grant.clientId,
    code: grant.code,
    redirect_uri: grant.redirectUri,
    code_verifier: grant.verifier,
  }
}

/** A whole sign-in: tokens of ada in acme, unless said otherwise. */
export async function signIn(
  origin: string,
  options: AuthorizationOptions = {},
): Promise<Tokens & { clientId: string; browser: Browser }> {
  const grant = await authorize(origin, options)
  const response = await post(`${origin}/oauth/token`, exchangeFields(grant))
  if (response.status !== 200) throw new Error(`token: ${response.status} ${await response.text()}`)
  return { ...((await response.json()) as Tokens), clientId: grant.clientId, browser: grant.browser }
}

/** Refreshes with a refresh token. */
export async function refresh(
  origin: string,
  clientId: string,
  refreshToken: string,
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
) {
  const all = { grant_type: 'refresh_token', client_id: clientId, refresh_token: refreshToken, ...fields }
  return post(`${origin}/oauth/token`, all, headers)
}

/** Calls a tool over the 2025-era wire and gives the HTTP answer. */
export async function callTool(
  origin: string,
  accessToken: string,
  name = 'whoami',
  args: Record<string, unknown> = {},
  path = '/mcp/v1',
  headers: Record<string, string> = {},
) {
  return fetch(`${origin}${path}`, {
    method: 'POST',
    headers: {
      ...headers,
      authorization: `Bearer ${accessToken}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }),
  })
}
