import type { IncomingMessage } from 'node:http'
import getRawBody from 'raw-body'
import { RequestRefused } from './errors.ts'

/**
 * Reads a request body as text, up to a limit in bytes.
 * @throws {RequestRefused} 413 over the limit, 415 for a compressed body, 400 when it ends early
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  // Decompressing what strangers send is a way to fill memory; no client of ours compresses.
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    throw new RequestRefused(415, 'invalid_request', 'Compressed request bodies are not accepted.')
  }
  try {
    return await getRawBody(request, {
      limit,
      length: request.headers['content-length'] ?? null,
      encoding: 'utf-8',
    })
  } catch (error) {
    const tooLarge = (error as { type?: string }).type === 'entity.too.large'
    throw tooLarge
      ? new RequestRefused(413, 'invalid_request', `The request body is larger than ${limit} bytes.`)
      : new RequestRefused(400, 'invalid_request', 'The request body could not be read.')
  }
}

/** The media type of a request without parameters, lower-cased; empty when absent. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

const formLimit = 56 * 1024

/**
 * Reads an HTML form. A field that occurs twice keeps its first value.
 * @throws {RequestRefused} 415 for anything but `application/x-www-form-urlencoded`
 */
export async function readForm(request: IncomingMessage): Promise<Record<string, string>> {
  if (mediaType(request) !== 'application/x-www-form-urlencoded') {
    throw new RequestRefused(415, 'invalid_request', 'Send this form as application/x-www-form-urlencoded.')
  }
  const fields: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of new URLSearchParams(await readBody(request, formLimit))) fields[name] ??= value
  return fields
}
