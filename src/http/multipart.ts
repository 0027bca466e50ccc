import type { IncomingMessage } from 'node:http'
import { Busboy, type BusboyInstance } from '@fastify/busboy'
import { mediaType } from './body.ts'
import { RequestRefused } from './errors.ts'

/** What one form with files may bring; beyond it the whole form is refused. */
export interface MultipartLimits {
  fields: number
  fieldBytes: number
  files: number
  fileBytes: number
  /** Of the whole body. */
  totalBytes: number
}

/** A file as it was sent: neither its name nor its content can be trusted. */
export interface UploadedFile {
  /** Name of the form's field. */
  field: string
  /** With the folders in it, where the browser tells them. */
  name: string
  content: Buffer
}

/** A form with files. A field that occurs twice keeps its first value. */
export interface MultipartForm {
  form: Record<string, string>
  files: UploadedFile[]
}

/**
 * Reads a form with files (RFC 7578) into memory, within limits.
 * @param check Judges the fields before the first file is taken; forms send them in the order of the page. It throws.
 * @throws {RequestRefused} 413 beyond a limit, 415 for another kind of body, 400 for one that is broken or ends early
 */
export async function readMultipart(
  request: IncomingMessage,
  limits: MultipartLimits,
  check: (form: Record<string, string>) => void,
): Promise<MultipartForm> {
  const parser = parserFor(request, limits)
  const form: Record<string, string> = Object.create(null) as Record<string, string>
  const files: UploadedFile[] = []
  let isChecked = false
  let received = 0
  const checkOnce = () => {
    if (!isChecked) check(form)
    isChecked = true
  }
  try {
    await new Promise<void>((resolve, reject) => {
      const refuse = (refusal: unknown) => reject(refusal)
      const refuseTooMany = () => refuse(tooLarge(`More than ${limits.files} files were sent at once.`))
      parser.on('field', (name, value, _nameTruncated, isTruncated) => {
        if (isTruncated) refuse(tooLarge(`A field is longer than ${limits.fieldBytes} bytes.`))
        form[name] ??= value
      })
      parser.on('file', (field, stream, name: string | undefined) => {
        // Unread, a stream would hold up all that follow.
        stream.on('error', (cause) => refuse(unreadable(cause)))
        try {
          checkOnce()
        } catch (refusal) {
          stream.resume()
          return refuse(refusal)
        }
        const chunks: Buffer[] = []
        stream.on('limit', () => refuse(fileTooLarge(name ?? field, limits)))
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.on('end', () => {
          // A file input in which nothing was chosen sends a file without a name.
          if (name !== undefined && name !== '') files.push({ field, name, content: Buffer.concat(chunks) })
        })
      })
      parser.on('filesLimit', refuseTooMany).on('partsLimit', refuseTooMany)
      parser.on('fieldsLimit', () => refuse(tooLarge(`More than ${limits.fields} fields were sent.`)))
      parser.on('error', (cause) => refuse(unreadable(cause)))
      parser.on('finish', resolve)
      request.on('data', (chunk: Buffer) => {
        received += chunk.length
        if (received > limits.totalBytes) refuse(bodyTooLarge(limits))
      })
      request.on('error', (cause) => refuse(unreadable(cause)))
      request.on('aborted', () => refuse(unreadable()))
      request.pipe(parser)
    })
  } catch (error) {
    // Read to its end, or a browser that is still sending would not get to see why it was refused.
    request.unpipe(parser)
    request.resume()
    throw error
  }
  checkOnce()
  return { form, files }
}

function parserFor(request: IncomingMessage, limits: MultipartLimits): BusboyInstance {
  if (mediaType(request) !== 'multipart/form-data') {
    throw new RequestRefused(415, 'invalid_request', 'Send this form as multipart/form-data.')
  }
  // Decompressing what strangers send is a way to fill memory.
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new RequestRefused(415, 'invalid_request', 'Compressed request bodies are not accepted.')
  }
  if (Number(request.headers['content-length'] ?? 0) > limits.totalBytes) {
    request.resume()
    throw bodyTooLarge(limits)
  }
  try {
    return new Busboy({
      headers: { 'content-type': request.headers['content-type'] ?? '' },
      preservePath: true,
      limits: {
        fieldNameSize: 100,
        fieldSize: limits.fieldBytes,
        fields: limits.fields,
        fileSize: limits.fileBytes,
        files: limits.files,
        parts: limits.fields + limits.files,
        headerPairs: 20,
        headerSize: 8 * 1024,
      },
    })
  } catch (cause) {
    throw unreadable(cause)
  }
}

function fileTooLarge(name: string, { fileBytes }: MultipartLimits): RequestRefused {
  const shown = JSON.stringify(name.slice(-200))
  return tooLarge(`The file ${shown} is larger than ${inMegabytes(fileBytes)}.`)
}

function bodyTooLarge({ totalBytes }: MultipartLimits): RequestRefused {
  return tooLarge(`The files are larger than ${inMegabytes(totalBytes)} together.`)
}

function tooLarge(message: string): RequestRefused {
  return new RequestRefused(413, 'invalid_request', message)
}

function unreadable(cause?: unknown): RequestRefused {
  const refusal = new RequestRefused(400, 'invalid_request', 'The request body could not be read.')
  refusal.cause = cause
  return refusal
}

function inMegabytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 / 1024)} MB`
}
