import {
  Client as CurrentClient,
  StreamableHTTPClientTransport as CurrentTransport,
  UnauthorizedError as CurrentUnauthorizedError,
} from '@modelcontextprotocol/client'
import type {
  OAuthDiscoveryState as CurrentDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client'
import {
  type OAuthDiscoveryState as FirstDiscoveryState,
  UnauthorizedError as FirstUnauthorizedError,
} from '@modelcontextprotocol/sdk/client/auth.js'
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as FirstTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { OAuthClientInformationMixed, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js'
import { createBrowser } from './browser.ts'
import { claudeCode, signInAt } from './oauth-client.ts'

const redirectUrl = 'http://localhost:51819/callback'
const identity = { name: 'official-client', version: '1.0.0' }

/** One of the official MCP clients with its own OAuth code, from before sign-in on. */
export interface OfficialClient {
  /** What its methods throw when a person must sign in first. */
  UnauthorizedError: typeof FirstUnauthorizedError | typeof CurrentUnauthorizedError
  connect: () => Promise<void>
  /** What the person does in the browser, and what the client does with the callback. */
  signIn: (origin: string, email?: string) => Promise<void>
  listTools: () => Promise<string[]>
  callTool: (name: string, args: Record<string, unknown>) => Promise<ToolResult>
  protocolVersion: () => string | undefined
  clientId: () => string | undefined
  tokens: () => { access_token: string; refresh_token?: string | undefined } | undefined
  /** How often it has sent the person to the browser. */
  prompts: () => number
  close: () => Promise<void>
}

export interface ToolResult {
  isError?: boolean | undefined
  structuredContent?: unknown
  content: { type: string; text?: string }[]
}

/** The official clients that people's tools are built on, by what they speak. */
export const officialClients: Record<string, (mcpUrl: string) => OfficialClient> = {
  '@modelcontextprotocol/sdk 1.32 (2025-11-25, dynamic registration)': createFirstGeneration,
  '@modelcontextprotocol/client 2.4 (2025-11-25, dynamic registration)': (mcpUrl) =>
    createSecondGeneration(mcpUrl, { mode: 'legacy' }),
  '@modelcontextprotocol/client 2.4 (2026-07-28, client metadata document)': (mcpUrl) =>
    createSecondGeneration(mcpUrl, { mode: { pin: '2026-07-28' }, clientMetadataUrl: claudeCode }),
}

function createFirstGeneration(mcpUrl: string): OfficialClient {
  const memory = createMemory<OAuthClientInformationMixed, OAuthTokens, FirstDiscoveryState>()
  let client = new FirstClient(identity)
  let transport = new FirstTransport(new URL(mcpUrl), { authProvider: memory.provider })
  return {
    UnauthorizedError: FirstUnauthorizedError,
    async connect() {
      client = new FirstClient(identity)
      transport = new FirstTransport(new URL(mcpUrl), { authProvider: memory.provider })
      await client.connect(transport)
    },
    async signIn(origin, email) {
      await transport.finishAuth((await memory.visit(origin, email)).get('code') ?? '')
    },
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    callTool: async (name, args) => (await client.callTool({ name, arguments: args })) as ToolResult,
    protocolVersion: () => transport.protocolVersion,
    clientId: () => memory.provider.clientInformation()?.client_id,
    tokens: memory.provider.tokens,
    prompts: memory.prompts,
    close: () => client.close(),
  }
}

function createSecondGeneration(
  mcpUrl: string,
  { mode, clientMetadataUrl }: { mode: 'legacy' | { pin: string }; clientMetadataUrl?: string },
): OfficialClient {
  const memory = createMemory<StoredOAuthClientInformation, StoredOAuthTokens, CurrentDiscoveryState>(
    clientMetadataUrl,
  )
  const newClient = () => new CurrentClient(identity, { versionNegotiation: { mode } })
  const newTransport = () => new CurrentTransport(new URL(mcpUrl), { authProvider: memory.provider })
  let client = newClient()
  let transport = newTransport()
  return {
    UnauthorizedError: CurrentUnauthorizedError,
    async connect() {
      client = newClient()
      transport = newTransport()
      await client.connect(transport)
    },
    async signIn(origin, email) {
      // Given the whole callback, the client checks `iss` (RFC 9207).
      await transport.finishAuth(await memory.visit(origin, email))
    },
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    callTool: (name, args) => client.callTool({ name, arguments: args }),
    protocolVersion: () => client.getNegotiatedProtocolVersion(),
    clientId: () => memory.provider.clientInformation()?.client_id,
    tokens: memory.provider.tokens,
    prompts: memory.prompts,
    close: () => client.close(),
  }
}

/** An OAuthClientProvider that remembers in memory, and the person whom it sends to the browser. */
function createMemory<Information extends { client_id: string }, Tokens, Discovery>(
  clientMetadataUrl?: string,
) {
  let information: Information | undefined
  let tokens: Tokens | undefined
  let discovery: Discovery | undefined
  let verifier = ''
  let authorizationUrl: URL | undefined
  let prompts = 0

  const provider = {
    ...(clientMetadataUrl === undefined ? {} : { clientMetadataUrl }),
    redirectUrl,
    clientMetadata: { client_name: 'Official client', redirect_uris: [redirectUrl] },
    state: () => 'a-state',
    clientInformation: () => information,
    saveClientInformation(saved: Information) {
      information = saved
    },
    tokens: () => tokens,
    saveTokens(saved: Tokens) {
      tokens = saved
    },
    redirectToAuthorization(url: URL) {
      prompts++
      authorizationUrl = url
    },
    saveCodeVerifier(saved: string) {
      verifier = saved
    },
    codeVerifier: () => verifier,
    saveDiscoveryState(saved: Discovery) {
      discovery = saved
    },
    discoveryState: () => discovery,
    invalidateCredentials(scope: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery') {
      if (scope === 'all' || scope === 'tokens') tokens = undefined
      if (scope === 'all' || scope === 'client') information = undefined
      if (scope === 'all' || scope === 'discovery') discovery = undefined
    },
  }

  async function visit(origin: string, email?: string): Promise<URLSearchParams> {
    if (!authorizationUrl) throw new Error('the client did not ask for a browser')
    const browser = createBrowser(origin)
    const consent = await signInAt(browser, await browser.open(authorizationUrl.href), email)
    const answer = await browser.submit(consent, { organization: 'acme', decision: 'allow' })
    const callback = new URL(answer.url)
    if (callback.searchParams.get('state') !== 'a-state') {
      throw new Error(`no callback: ${answer.status} ${answer.url} ${answer.html.slice(0, 300)}`)
    }
    authorizationUrl = undefined
    return callback.searchParams
  }

  return { provider, visit, prompts: () => prompts }
}
