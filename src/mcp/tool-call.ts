import {
  type CallToolRequestParams,
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server'
import type { z } from 'zod'
import type { Architecture } from '../architecture/architecture.ts'
import type { AuditLog } from '../domain/audit-log.ts'
import { DomainError } from '../domain/errors.ts'
import type { Principal } from '../domain/principal.ts'
import type { RequestLog } from '../http/request-log.ts'
import { StoreUnavailable } from '../storage/contract.ts'
import { type Outcome, presentCall } from './call-record.ts'
import type { Tool, ToolAnswer, ToolContext } from './tools/define-tool.ts'

/** Whose request a tool is called in. */
export interface Caller {
  principal: Principal
  /** The network address it came from. */
  address: string
  requestId: string
  log: RequestLog
}

export interface ToolCallDeps {
  tools: readonly Tool[]
  auditLog: AuditLog
  architecture: Architecture
  publicUrl: string
  now: () => number
}

export type CallTool = (
  params: CallToolRequestParams,
  caller: Caller,
  signal: ToolContext['signal'],
) => Promise<CalledTool>

/** What a call comes to. */
export interface CalledTool {
  result: CallToolResult
  /** Its structured content as it is sent, where that was made already. */
  json: string | undefined
}

/**
 * Calls tools, and has each call written to the audit log. What a model can repair (wrong arguments, an unknown name) and what it should tell its user are results
 * marked `isError`, because a model sees those and not protocol errors (SEP-1303).
 */
export function createToolCalls(deps: ToolCallDeps): CallTool {
  const { tools, auditLog, architecture, publicUrl, now } = deps
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
    const started = now()
    const { outcome, text, structuredContent, json, entities } = await answer(tool, params, caller, signal)
    const durationMs = now() - started
    const call = { tool: tool.name, outcome, entities, text, durationMs }
    auditLog.note(caller.principal.organization.id, presentCall(caller, call))
    const content = [{ type: 'text' as const, text }]
    return { result: structuredContent ? { content, structuredContent } : { content, isError: true }, json }
  }

  async function answer(
    tool: Tool,
    params: CallToolRequestParams,
    caller: Caller,
    signal: ToolContext['signal'],
  ): Promise<Answer> {
    const input = tool.inputSchema.safeParse(params.arguments ?? {})
    if (!input.success) return { outcome: 'refused', text: describeIssues(tool, input.error), entities: [] }
    try {
      const { principal } = caller
      const made = await tool.handler(input.data, { architecture, publicUrl, now, principal, signal })
      return { outcome: 'answered', ...made }
    } catch (error) {
      return { ...explain(error, tool, caller), entities: [] }
    }
  }
}

/** With structured content exactly when the tool answered. */
interface Answer extends Omit<ToolAnswer, 'structuredContent'> {
  outcome: Outcome
  structuredContent?: ToolAnswer['structuredContent']
}

function explain(error: unknown, tool: Tool, { log, requestId }: Caller): { outcome: Outcome; text: string } {
  if (error instanceof DomainError) return { outcome: 'refused', text: error.message }
  if (error instanceof StoreUnavailable) {
    log.warn({ err: error, tool: tool.name }, 'tool call without store')
    const text = 'The server cannot reach its store right now. Try again in a few seconds.'
    return { outcome: 'unavailable', text }
  }
  log.error({ err: error, tool: tool.name }, 'tool failed')
  // The error's own words stay in the log: they may quote what is stored.
  const text = `Something went wrong on our side (request ${requestId}). Tell whoever runs this server.`
  return { outcome: 'failed', text }
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
