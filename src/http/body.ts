import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
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
  return (await readBytes(request, limit)).toString('utf-8')
}

/**
 * Reads a request body that may be compressed with gzip.
 * @param limit in bytes, of the body as it is sent and of what it is without compression
 * @throws {RequestRefused} 413 over the limit, 415 for another compression, 400 when it ends early or is no gzip
 */
export async function readCompressible(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  if (encoding !== 'identity' && encoding !== 'gzip') {
    throw new RequestRefused(415, 'invalid_request', 'Compress request bodies with gzip, or not at all.')
  }
  const bytes = await readBytes(request, limit)
  if (encoding === 'identity') return bytes
  try {
    // Stops as soon as there is more, so that a small body cannot fill the memory.
    return await uncompress(bytes, { maxOutputLength: limit })
  } catch (error) {
    throw (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
      ? tooLarge(limit)
      : new RequestRefused(
          400,
          'invalid_request',
          'The request body is not compressed with gzip, or is cut off.',
        )
  }
}

const uncompress = promisify(gunzip)

async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  try {
    return await getRawBody(request, { limit, length: request.headers['content-length'] ?? null })
  } catch (error) {
    throw (error as { type?: string }).type === 'entity.too.large'
      ? tooLarge(limit)
      : new RequestRefused(400, 'invalid_request', 'The request body could not be read.')
  }
}

function tooLarge(limit: number): RequestRefused {
  return new RequestRefused(413, 'invalid_request', `The request body is larger than ${limit} bytes.`)
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
