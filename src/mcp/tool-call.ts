import {
  type CallToolRequestParams,
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server'
import type { Logger } from 'pino'
import type { z } from 'zod'
import type { Architecture } from '../architecture/architecture.ts'
import { DomainError } from '../domain/errors.ts'
import type { Principal } from '../domain/principal.ts'
import { StoreUnavailable } from '../storage/contract.ts'
import type { Tool } from './tools/define-tool.ts'

/** Whose request a tool is called in. */
export interface Caller {
  principal: Principal
  requestId: string
  log: Logger
}

export interface ToolCallDeps {
  tools: readonly Tool[]
  architecture: Architecture
  publicUrl: string
  now: () => number
}

export type CallTool = (
  params: CallToolRequestParams,
  caller: Caller,
  signal: AbortSignal,
) => Promise<CallToolResult>

/**
 * Calls tools. What a model can repair (wrong arguments, an unknown name) and what it should tell its user are results
 * marked `isError`, because a model sees those and not protocol errors (SEP-1303).
 */
export function createToolCalls({ tools, ...context }: ToolCallDeps): CallTool {
  const byName = new Map(tools.map((tool) => [tool.name, tool]))
  const names = [...byName.keys()].toSorted().join(', ')

  return async (params, caller, signal) => {
    const tool = byName.get(params.name)
    if (!tool) {
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `There is no tool ${params.name.slice(0, 100)}. The tools are ${names}.`,
      )
    }
    const input = tool.inputSchema.safeParse(params.arguments ?? {})
    if (!input.success) return failure(describeIssues(tool, input.error))
    try {
      const answer = await tool.handler(input.data, { ...context, principal: caller.principal, signal })
      return { structuredContent: answer.structuredContent, content: [{ type: 'text', text: answer.text }] }
    } catch (error) {
      return failure(explain(error, tool, caller))
    }
  }
}

function explain(error: unknown, tool: Tool, { log, requestId }: Caller): string {
  if (error instanceof DomainError) return error.message
  if (error instanceof StoreUnavailable) {
    log.warn({ err: error, tool: tool.name }, 'tool call without store')
    return 'The server cannot reach its store right now. Try again in a few seconds.'
  }
  log.error({ err: error, tool: tool.name }, 'tool failed')
  // The error's own words stay in the log: they may quote what is stored.
  return `Something went wrong on our side (request ${requestId}). Tell whoever runs this server.`
}

function describeIssues(tool: Tool, error: z.ZodError): string {
  const valid = Object.keys(tool.inputSchema.shape).join(', ') || 'none'
  const problems = error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `unknown: ${issue.keys.join(', ')}. Valid arguments: ${valid}.`
      : `${issue.path.join('.') || 'arguments'}: ${issue.message}`,
  )
  return [`The arguments of ${tool.name} are not valid.`, ...problems.map((problem) => `- ${problem}`)].join(
    '\n',
  )
}

function failure(text: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text }] }
}
