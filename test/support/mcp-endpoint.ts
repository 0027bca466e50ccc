import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BlockList } from 'node:net'
import Koa from 'koa'
import { pino } from 'pino'
import type { Architecture } from '../../src/architecture/architecture.ts'
import type { ClientSession } from '../../src/domain/client-sessions.ts'
import { createDomain } from '../../src/domain/domain.ts'
import { createAllowedOrigins } from '../../src/http/allowed-origins.ts'
import { errorHandler } from '../../src/http/error-handler.ts'
import type { Readiness } from '../../src/http/health.ts'
import { requestContext, type RequestState } from '../../src/http/request-context.ts'
import { createMcpEndpoint } from '../../src/mcp/endpoint.ts'
import { resourceIdentifier } from '../../src/http/resource.ts'
import { createPlainCalls } from '../../src/mcp/plain-calls.ts'
import { createMcpServers } from '../../src/mcp/server.ts'
import { protectedResourceMetadata } from '../../src/mcp/protected-resource-metadata.ts'
import type { ServerFactory } from '../../src/mcp/session-calls.ts'
import type { Tool } from '../../src/mcp/tools/define-tool.ts'
import { tools as allTools } from '../../src/mcp/tools/tools.ts'
import type { Store } from '../../src/storage/contract.ts'
import { createSqliteStore } from '../../src/storage/sqlite/store.ts'

export const publicUrl = 'http://localhost:3000'

/** The records behind one signed-in client, on a store in memory. */
export async function signedInClient(options: { store?: Store } = {}) {
  const now = Date.now
  const store = options.store ?? (await createSqliteStore({ file: ':memory:' }))
  const { artifacts, documents } = store
  const domain = createDomain({ store, now })
  const { users, organizations, members, clientSessions } = domain
  const deps = { ...domain, artifacts, documents, now }

  const { user, change: userChange } = users.prepareWithoutPassword({
    email: `${randomBytes(4).toString('hex')}@example.com`,
    name: 'Ada Lovelace',
  })
  const { organization, change } = organizations.prepare({
    name: 'Acme "Søhne" \\ Co',
    slug: randomBytes(4).toString('hex'),
  })
  await documents.commit([userChange, change, members.prepare(organization.id, user.id, 'owner')])

  const session: ClientSession = {
    id: randomBytes(16).toString('hex'),
    userId: user.id,
    organizationId: organization.id,
    clientId: 'https://claude.ai/oauth/claude-code-client-metadata',
    clientName: 'Claude Code',
    clientVerified: true,
    redirectHost: 'localhost:51819',
    scopes: ['architecture:read'],
    createdAt: now(),
    expiresAt: now() + 86_400_000,
    address: '127.0.0.1',
    userAgent: 'test',
  }
  await clientSessions.start(session)
  await artifacts.put({
    model: 'Grant',
    id: session.id,
    grantId: session.id,
    payload: { accountId: user.id, clientId: session.clientId },
    expiresAt: session.expiresAt,
  })

  /** Stores an access token as oidc-provider's adapter does. */
  async function issueToken(overrides: Record<string, unknown> = {}): Promise<string> {
    const token = randomBytes(32).toString('base64url')
    const payload = {
      kind: 'AccessToken',
      accountId: user.id,
      grantId: session.id,
      clientId: session.clientId,
      aud: resourceIdentifier(publicUrl),
      scope: 'architecture:read',
      iat: Math.floor(now() / 1000),
      exp: Math.floor(now() / 1000) + 1800,
      ...overrides,
    }
    await artifacts.put({ model: 'AccessToken', id: token, payload, expiresAt: now() + 3_600_000 })
    return token
  }

  return { store, deps, user, organization, session, issueToken }
}

export type SignedInClient = Awaited<ReturnType<typeof signedInClient>>

/** No tool under test here reads the graph. */
const noArchitecture: Architecture = {
  load: () => Promise.reject(new Error('no graph')),
  importFiles: () => Promise.reject(new Error('no graph')),
  importSample: () => Promise.reject(new Error('no graph')),
  ingest: () => Promise.reject(new Error('no graph')),
  removeSource: () => Promise.reject(new Error('no graph')),
  decide: () => Promise.reject(new Error('no graph')),
  erase: () => Promise.reject(new Error('no graph')),
}

/** Serves the resource server alone, as the public URL that its tokens name. */
export async function startEndpoint(
  client: SignedInClient,
  tools: readonly Tool[] = allTools,
  options: {
    serverFor?: ServerFactory
    readiness?: Readiness
    /** Absent: when the tools are ours. Otherwise everything gets a server object of the SDK. */
    answersPlainCalls?: boolean
  } = {},
) {
  const logged: string[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => logged.push(line) })
  const forTools = {
    tools,
    version: '0.0.0-test',
    auditLog: client.deps.auditLog,
    architecture: noArchitecture,
    publicUrl,
    now: Date.now,
  }
  const app = new Koa<RequestState>()
  app.silent = true
  app.use(requestContext({ logger, trustedProxies: new BlockList(), now: Date.now }))
  app.use(errorHandler({ render: () => assert.fail('no page is rendered for MCP clients') }))
  app.use(protectedResourceMetadata({ publicUrl }))
  app.use(
    await createMcpEndpoint({
      ...client.deps,
      store: { ...client.store, artifacts: client.deps.artifacts },
      publicUrl,
      isAllowedOrigin: createAllowedOrigins(publicUrl),
      readiness: options.readiness ?? { draining: false },
      logger,
      tools,
      serverFor: options.serverFor ?? createMcpServers(forTools),
      plainCalls:
        (options.answersPlainCalls ?? options.serverFor === undefined)
          ? createPlainCalls(forTools)
          : undefined,
    }),
  )
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    url: `${origin}/mcp/v1`,
    logged,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await client.store.close()
    },
  }
}

/** The headers every MCP client sends with a POST. */
export function mcpHeaders(token?: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
}

/** POSTs one message of a 2025 revision, which needs no handshake on a server without sessions. */
export async function post(
  url: string,
  message: unknown,
  headers: Record<string, string>,
): Promise<Response> {
  const body = typeof message === 'string' ? message : JSON.stringify(message)
  return fetch(url, { method: 'POST', headers, body })
}

/** The JSON-RPC answer of a response, be it JSON or a stream of one event. */
export async function answerOf(response: Response): Promise<{
  id: unknown
  result?: Record<string, unknown> & {
    isError?: boolean
    content?: { type: string; text: string }[]
    structuredContent?: Record<string, unknown>
  }
  error?: { code: number; message: string }
}> {
  const text = await response.text()
  const data = /^data: (\{.*\})$/m.exec(text)?.[1] ?? text
  return JSON.parse(data) as Awaited<ReturnType<typeof answerOf>>
}

/** The first message of a 2025-era client. */
export function initialize(capabilities: object = {}) {
  const clientInfo = { name: 'test', version: '1' }
  const params = { protocolVersion: '2025-11-25', capabilities, clientInfo }
  return { jsonrpc: '2.0', id: 'init', method: 'initialize', params }
}

/** Begins a protocol session; gives the headers of its further requests. */
export async function beginSession(url: string, token: string, capabilities: object = {}) {
  const response = await post(url, initialize(capabilities), mcpHeaders(token))
  const id = response.headers.get('mcp-session-id')
  assert.ok(id, await response.text())
  return { ...mcpHeaders(token), 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' }
}

/** A `tools/call` in the 2025 revisions. */
export function toolCall(name: string, args: Record<string, unknown> = {}, id: number | string = 1) {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } }
}
