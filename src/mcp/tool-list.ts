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
        inputSchema: presentSchema(inputSchema),
        annotations: { title, ...readOnly },
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

/**
 * Every model reads the list with every conversation, so it leaves out what no model decides by: which JSON Schema this
 * is (MCP has a default) and how long a text may be. Calls are held to the whole schema.
 */
function presentSchema(schema: z.ZodObject): ListedTool['inputSchema'] {
  const { $schema: _draft, ...listed } = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema.minLength
      delete jsonSchema.maxLength
      const { anyOf, ...rest } = jsonSchema
      const types = anyOf?.map((each) => (typeof each === 'object' ? each.type : undefined)) ?? []
      // Limits of a number say nothing about a text, so that both can stand in one schema.
      if (!types.includes('string') || !types.includes('integer')) return
      delete jsonSchema.anyOf
      Object.assign(jsonSchema, ...(anyOf ?? []), rest, { type: types })
    },
  })
  return listed as ListedTool['inputSchema']
}
