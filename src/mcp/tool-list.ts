import type { ListToolsResult } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Tool } from './tools/define-tool.ts'

type ListedTool = ListToolsResult['tools'][number]

// Clients ask people before a tool acts unless it says that it only reads, twice over, and reaches nothing outside.
const readOnly = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false }

/**
 * The answer to `tools/list`. Converting schemas costs twenty times what a call does, so this is done once for each
 * process; the order is fixed, since models' prompt caches depend on it (MCP 2026-07-28, Tools).
 */
export function presentTools(tools: readonly Tool[]): ListToolsResult {
  return {
    tools: tools
      .map(({ name, title, description, inputSchema }) => ({
        name,
        title,
        description,
        inputSchema: z.toJSONSchema(inputSchema, { io: 'input' }) as ListedTool['inputSchema'],
        annotations: { title, ...readOnly },
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  }
}
