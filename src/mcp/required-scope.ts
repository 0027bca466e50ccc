import type { Scope } from '../domain/principal.ts'
import type { Tool } from './tools/define-tool.ts'

/** Methods besides `tools/call` whose answers tell something of the graph. */
const readingMethods: ReadonlySet<unknown> = new Set(['resources/read', 'completion/complete', 'prompts/get'])

/** Tells which permission a message needs, before a server object sees it. */
export function createRequiredScopes(tools: readonly Tool[]) {
  const ofTools = new Map(tools.map((tool) => [tool.name, tool.requiredScope]))
  return {
    /** Whether there is a tool of that name. */
    has: (tool: string): boolean => ofTools.has(tool),
    /** Decided on the body, never on the Mcp-Name header, which is only compared with it later. */
    ofMessage: (message: unknown): Scope | undefined => {
      const { method, params } = message as { method?: unknown; params?: { name?: unknown } }
      if (readingMethods.has(method)) return 'architecture:read'
      return method === 'tools/call' ? ofTools.get(String(params?.name)) : undefined
    },
  }
}
