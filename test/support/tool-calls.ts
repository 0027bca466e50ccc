import type { z } from 'zod'
import { createArchitecture, type Architecture } from '../../src/architecture/architecture.ts'
import { indexGraph } from '../../src/architecture/loading.ts'
import type { Graph } from '../../src/architecture/model.ts'
import type { Tool, ToolContext } from '../../src/mcp/tools/define-tool.ts'
import { createMemoryBlobs } from './memory-blobs.ts'

/** The architecture of the organization `org` after importing these documents. */
export async function architectureOf(...documents: string[]): Promise<Architecture> {
  const architecture = createArchitecture({ blobs: createMemoryBlobs(), now: () => 0 })
  await architecture.importFiles('org', [{ path: 'test.yaml', content: documents.join('\n---\n') }])
  return architecture
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('nothing is imported here'))
}

/** An architecture that is one graph, whoever asks. */
export function serving(served: Graph): Architecture {
  const loaded = indexGraph(served)
  return {
    load: () => Promise.resolve(loaded),
    importFiles: refuse,
    importSample: refuse,
    ingest: refuse,
    removeSource: refuse,
    decide: refuse,
    erase: refuse,
  }
}

/** Calls a tool as the endpoint does: parsed input, a principal of the organization `org`. */
export async function call<Input extends z.ZodObject>(
  tool: Tool<Input>,
  input: unknown,
  architecture: Architecture,
  now = 0,
): Promise<{ content: Record<string, unknown>; text: string }> {
  const context: ToolContext = {
    principal: {
      kind: 'user',
      user: { id: 'user', email: 'ada@example.com', name: 'Ada' },
      organization: { id: 'org', slug: 'acme', name: 'Acme' },
      role: 'member',
      scopes: ['architecture:read'],
      clientSession: { id: 'session', clientId: 'client', clientName: 'Claude Code' },
      token: { kind: 'oauth_access_token', expiresAt: now + 1000 },
    },
    architecture,
    publicUrl: 'http://localhost:3000',
    now: () => now,
    signal: () => new AbortController().signal,
  }
  const { structuredContent, text } = await tool.handler(tool.inputSchema.parse(input), context)
  // What crosses the wire is JSON, without absent fields.
  return { content: JSON.parse(JSON.stringify(structuredContent)) as Record<string, unknown>, text }
}
