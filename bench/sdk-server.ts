import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { createArchitecture } from '../src/architecture/architecture.ts'
import type { UserPrincipal } from '../src/domain/principal.ts'
import { tools } from '../src/mcp/tools/tools.ts'
import { createMemoryBlobs } from '../test/support/memory-blobs.ts'

/**
 * Our tools as the SDK's documentation has them served: `createMcpHandler`, with an McpServer for each request. No
 * authentication, no store, nothing counted, logged or recorded.
 */
const now = Date.now
const publicUrl = 'http://localhost'
const architecture = createArchitecture({ blobs: createMemoryBlobs(), now })
await architecture.importSample('acme')

const principal: UserPrincipal = {
  kind: 'user',
  user: { id: 'ada', email: 'ada@example.com', name: 'Ada' },
  organization: { id: 'acme', slug: 'acme', name: 'Acme' },
  role: 'owner',
  scopes: ['architecture:read'],
  clientSession: { id: 's', clientId: 'c', clientName: 'Bench' },
  token: { kind: 'oauth_access_token', expiresAt: now() + 1_800_000 },
}

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'opentrace', version: '1' })
  for (const tool of tools) {
    const { name, title, description, inputSchema } = tool
    server.registerTool(name, { title, description, inputSchema }, async (input, { mcpReq: { signal } }) => {
      const context = { principal, architecture, publicUrl, now, signal: () => signal }
      const { text: words, structuredContent } = await tool.handler(input, context)
      return {
        content: [{ type: 'text', text: words }],
        structuredContent,
      }
    })
  }
  return server
})

createServer((request, response) => void answer(request, response)).listen(
  Number(process.argv[2]),
  '127.0.0.1',
  () => console.log('listening'),
)

/** As the SDK's adapter for Node does it: the request's body as text, the answer's as the stream it is. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const hangUp = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) hangUp.abort()
  })
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value))
  const asked = new Request(`${publicUrl}${request.url}`, {
    method: 'POST',
    headers,
    body: await text(request),
    signal: hangUp.signal,
  })
  const made = await handler.fetch(asked)
  response.writeHead(made.status, Object.fromEntries(made.headers))
  for await (const chunk of made.body ?? []) response.write(chunk)
  response.end()
}
