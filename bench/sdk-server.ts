import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { createArchitecture } from '../src/architecture/architecture.ts'
import type { UserPrincipal } from '../src/domain/principal.ts'
import { getDependencies } from '../src/mcp/tools/get-dependencies.ts'
import { whoami } from '../src/mcp/tools/whoami.ts'
import { createMemoryBlobs } from '../test/support/memory-blobs.ts'

/**
 * Two of our tools as the SDK's documentation has them served: `createMcpHandler`, with an McpServer for each request. No
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
  for (const tool of [whoami, getDependencies]) {
    const { name, title, description, inputSchema } = tool
    server.registerTool(name, { title, description, inputSchema }, async (input, { mcpReq: { signal } }) => {
      const context = { principal, architecture, publicUrl, now, signal }
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

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parsedBody: unknown = JSON.parse(await text(request))
  const made = await handler.fetch(toWebRequest(request), { parsedBody })
  response.writeHead(made.status, Object.fromEntries(made.headers))
  response.end(await made.text())
}

function toWebRequest({ url = '', headers }: IncomingMessage): Request {
  return new Request(`${publicUrl}${url}`, { method: 'POST', headers: headers as Record<string, string> })
}
