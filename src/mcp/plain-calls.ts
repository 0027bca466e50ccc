import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  classifyInboundRequest,
  PROTOCOL_VERSION_META_KEY,
  type RequestId,
  SERVER_INFO_META_KEY,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/server'
import type { Context } from '../http/request-context.ts'
import { type Admission, requireCaller } from './admission.ts'
import { watchHangUp } from './exchange.ts'
import type { SerializedMessage } from './message.ts'
import { serverIdentity } from './server.ts'
import type { PlainAnswer } from './session-calls.ts'
import { createToolCalls, type ToolCallDeps } from './tool-call.ts'

/** A call of a tool there is, about which nothing is unusual. */
export interface PlainCall {
  id: RequestId
  params: { name: string; arguments?: Record<string, unknown> }
  /** Which revisions it is of: 2026-07-28 has an envelope with every request, and another form of answers. */
  era: 'legacy' | 'modern'
}

export type PlainCalls = ReturnType<typeof createPlainCalls>

const modernRevision = '2026-07-28'
const reserved = 'io.modelcontextprotocol/'
const envelopeKeys = new Set([PROTOCOL_VERSION_META_KEY, CLIENT_INFO_META_KEY, CLIENT_CAPABILITIES_META_KEY])

/** Envelopes are the same for every request of a client's version. */
const mostEnvelopes = 200
const longestEnvelope = 2000

/**
 * Answers plain calls without a server object of the SDK, which would cost many times what the rest of a request does
 * (docs/decisions/0013). Only what the SDK is sure to answer by calling the tool is recognized; anything else, wrong or
 * merely unusual, is left to the SDK. A test gives both the same requests and compares.
 */
export function createPlainCalls({ version, ...deps }: ToolCallDeps & { version: string }) {
  const names = new Set(deps.tools.map(({ name }) => name))
  const callTool = createToolCalls(deps)
  const modernFields = { resultType: 'complete', _meta: { [SERVER_INFO_META_KEY]: serverIdentity(version) } }
  const modernText = JSON.stringify(modernFields).slice(1, -1)
  const acceptedEnvelopes = new Set<string>()

  /** @returns undefined for what the SDK has to judge */
  function recognize(ctx: Context, message: unknown): PlainCall | undefined {
    if (!isObject(message) || message['jsonrpc'] !== '2.0' || message['method'] !== 'tools/call')
      return undefined
    const { id, params } = message
    if (!isRequestId(id) || !isObject(params) || !hasOnly(message, messageKeys)) return undefined
    const { name, arguments: args, _meta: meta } = params
    if (typeof name !== 'string' || !names.has(name) || !hasOnly(params, paramKeys)) return undefined
    // An own `__proto__`, which JSON can make, is dropped by the SDK.
    if (args !== undefined && (!isObject(args) || Object.hasOwn(args, '__proto__'))) return undefined
    if (meta !== undefined && !isObject(meta)) return undefined
    const era = eraOf(ctx, message, { name, meta })
    return era && { id, era, params: { name, ...(args !== undefined && { arguments: args }) } }
  }

  function eraOf(
    { req: { headers } }: Context,
    message: object,
    { name, meta }: { name: string; meta: Record<string, unknown> | undefined },
  ): PlainCall['era'] | undefined {
    if (!isPlainMeta(meta)) return undefined
    const revision = headers['mcp-protocol-version']
    if (meta && PROTOCOL_VERSION_META_KEY in meta) {
      const isSaidTwice =
        meta[PROTOCOL_VERSION_META_KEY] === modernRevision &&
        revision === modernRevision &&
        headers['mcp-method'] === 'tools/call' &&
        headers['mcp-name'] === name
      return isSaidTwice && isAcceptedEnvelope(message, meta) ? 'modern' : undefined
    }
    const { accept = '' } = headers
    if (!accept.includes('application/json') || !accept.includes('text/event-stream')) return undefined
    const isLegacy = typeof revision === 'string' && SUPPORTED_PROTOCOL_VERSIONS.includes(revision)
    const isUnusual = meta && (CLIENT_INFO_META_KEY in meta || CLIENT_CAPABILITIES_META_KEY in meta)
    return (revision === undefined || isLegacy) && !isUnusual ? 'legacy' : undefined
  }

  /** Whether the SDK finds nothing wrong with what a client says about itself; asked once for each thing said. */
  function isAcceptedEnvelope(message: object, meta: Record<string, unknown>): boolean {
    const text = JSON.stringify([meta[CLIENT_INFO_META_KEY], meta[CLIENT_CAPABILITIES_META_KEY]])
    if (acceptedEnvelopes.has(text)) return true
    if (classifyInboundRequest({ httpMethod: 'POST', body: message }).kind !== 'modern') return false
    if (acceptedEnvelopes.size >= mostEnvelopes) acceptedEnvelopes.clear()
    if (text.length <= longestEnvelope) acceptedEnvelopes.add(text)
    return true
  }

  async function run(
    { params, era, id }: PlainCall,
    admission: Admission,
    signal: () => AbortSignal,
  ): Promise<SerializedMessage> {
    const called = await callTool(params, requireCaller(admission.authInfo), signal)
    const isModern = era === 'modern'
    // Not by spreading, which takes longer than the JSON.
    const result = isModern ? Object.assign(called.result, modernFields) : called.result
    const message = { result, jsonrpc: '2.0' as const, id }
    if (called.json === undefined) return { message, text: JSON.stringify(message) }
    const content = `"content":${JSON.stringify(result.content)},"structuredContent":${called.json}`
    const fields = isModern ? `${content},${modernText}` : content
    return { message, text: `{"result":{${fields}},"jsonrpc":"2.0","id":${JSON.stringify(id)}}` }
  }

  /** Answers a call outside of protocol sessions, in the form in which the SDK does. */
  async function answer(ctx: Context, call: PlainCall, admission: Admission): Promise<void> {
    const { text } = await run(call, admission, () => watchHangUp(ctx))
    const isModern = call.era === 'modern'
    ctx.status = 200
    ctx.set('Content-Type', isModern ? 'application/json' : 'text/event-stream')
    ctx.body = isModern ? text : `event: message\ndata: ${text}\n\n`
  }

  /** Begins to answer a call that may have to be given up. */
  function begin(call: PlainCall, admission: Admission): PlainAnswer {
    let controller: AbortController | undefined
    let isAbandoned = false
    const signal = () => {
      controller ??= new AbortController()
      if (isAbandoned) controller.abort()
      return controller.signal
    }
    return {
      answer: run(call, admission, signal),
      abandon() {
        isAbandoned = true
        controller?.abort()
      },
    }
  }

  return { recognize, answer, begin }
}

const messageKeys = new Set(['jsonrpc', 'id', 'method', 'params'])
const paramKeys = new Set(['name', 'arguments', '_meta'])

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isRequestId(id: unknown): id is RequestId {
  return typeof id === 'string' || Number.isSafeInteger(id)
}

function hasOnly(object: object, keys: ReadonlySet<string>): boolean {
  return Object.keys(object).every((key) => keys.has(key))
}

/** What clients add for themselves is theirs; what the protocol reserves, beside the envelope, means something. */
function isPlainMeta(meta: Record<string, unknown> | undefined): boolean {
  if (meta === undefined) return true
  const { progressToken } = meta
  if (progressToken !== undefined && !isRequestId(progressToken)) return false
  return Object.keys(meta).every((key) => !key.startsWith(reserved) || envelopeKeys.has(key))
}
