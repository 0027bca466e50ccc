import type { JSONRPCMessage } from '@modelcontextprotocol/server'
import { mediaType, readBody } from '../http/body.ts'
import type { Context } from '../http/request-context.ts'

const bodyLimit = 4 * 1024 * 1024

/** A message, and its JSON. */
export interface SerializedMessage {
  message: JSONRPCMessage
  text: string
}

/**
 * Reads the one JSON-RPC message of a POST.
 * @returns undefined when the request was answered with why not
 * @throws {RequestRefused} 413 above 4 MiB
 */
export async function readMessage(ctx: Context): Promise<unknown> {
  // A page of any origin may post text/plain without asking first, so the media type is compared, not searched.
  if (mediaType(ctx.req) !== 'application/json') {
    return refuseMessage(ctx, 415, -32000, 'Send the message as Content-Type: application/json.')
  }
  const message = parseJson(await readBody(ctx.req, bodyLimit))
  if (message === undefined) return refuseMessage(ctx, 400, -32700, 'The request body is not valid JSON.')
  // MCP 2025-06-18 removed batches; one would pass many calls for the price of one under the rate limit.
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    return refuseMessage(ctx, 400, -32600, 'Send a single JSON-RPC message; batches are not accepted.')
  }
  return message
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Answers with a message, given as JSON. */
export function sendMessage(ctx: Context, text: string): void {
  ctx.status = 200
  ctx.set('Content-Type', 'application/json; charset=utf-8')
  ctx.body = text
}

/** Answers with a JSON-RPC error that belongs to no request. */
export function refuseMessage(ctx: Context, status: number, code: number, message: string): undefined {
  ctx.status = status
  ctx.body = { jsonrpc: '2.0', id: null, error: { code, message } }
}
