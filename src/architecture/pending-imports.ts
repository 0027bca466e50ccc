import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { DomainError } from '../domain/errors.ts'
import { newSecret } from '../domain/identifiers.ts'
import type { Secrets } from '../domain/secrets.ts'
import type { Artifacts } from '../storage/contract.ts'
import type { ImportFile } from './importers/import-file.ts'
import type { ImporterType } from './model.ts'

/** Files somebody has sent and not yet decided to import, and how they are to be imported. */
export interface PendingImport {
  files: readonly ImportFile[]
  source: string | undefined
  type: ImporterType | undefined
  environment: string | undefined
}

/** Whose upload, and where to. */
export interface PendingOwner {
  organizationId: string
  userId: string
}

/** Uploads between the look at what they would change and the decision. */
export interface PendingImports {
  /**
   * Keeps an upload for ten minutes, in place of the owner's former one.
   * @returns the name of this upload
   * @throws {DomainError} `invalid_input` for files that are too large to be kept
   */
  readonly keep: (owner: PendingOwner, pending: PendingImport) => Promise<string>
  /** @throws {DomainError} `gone` for an upload that is too old, was replaced or was imported */
  readonly find: (owner: PendingOwner, upload: string) => Promise<PendingImport>
  readonly drop: (owner: PendingOwner) => Promise<void>
}

interface Kept extends Omit<PendingImport, 'files'> {
  /** Their contents follow each other, without anything between. */
  files: { path: string; bytes: number }[]
}

const lifetime = 10 * 60 * 1000
const purpose = 'pending-import'
/** Compressed. Text shrinks to a tenth. */
const maxBytes = 3 * 1024 * 1024
const newline = 10

const compress = promisify(gzip)
const decompress = promisify(gunzip)

/**
 * @returns uploads kept as artifacts, one for each person and organization so that nobody can fill the store, and
 *   encrypted, since manifests may hold secrets that the graph leaves out
 */
export function createPendingImports({
  artifacts,
  secrets,
  now,
}: {
  artifacts: Artifacts
  secrets: Secrets
  now: () => number
}): PendingImports {
  return {
    keep: async (owner, pending) => {
      const bytes = await pack(pending)
      if (bytes.length > maxBytes) throw tooLarge(bytes.length)
      const upload = newSecret()
      const sealed = secrets.encrypt(purpose, bytes.toString('base64'))
      await artifacts.put({
        model: 'PendingImport',
        id: idOf(owner),
        payload: { upload, sealed },
        expiresAt: now() + lifetime,
      })
      return upload
    },
    find: async (owner, upload) => {
      const artifact = await artifacts.get('PendingImport', idOf(owner))
      if (artifact === undefined || artifact.payload['upload'] !== upload) throw notKept()
      const opened = secrets.decrypt(purpose, String(artifact.payload['sealed']))
      if (opened === undefined) throw notKept()
      return unpack(Buffer.from(opened.plaintext, 'base64'))
    },
    drop: async (owner) => artifacts.delete('PendingImport', idOf(owner)),
  }
}

function idOf({ organizationId, userId }: PendingOwner): string {
  return `${organizationId}:${userId}`
}

/** @returns gzip of a line of JSON and the contents after it. */
async function pack({ files, ...how }: PendingImport): Promise<Buffer> {
  const contents = files.map(({ content }) => Buffer.from(content as Uint8Array))
  const kept: Kept = {
    ...how,
    files: files.map(({ path }, position) => ({ path, bytes: contents[position]?.length ?? 0 })),
  }
  return compress(Buffer.concat([Buffer.from(`${JSON.stringify(kept)}\n`), ...contents]))
}

async function unpack(packed: Buffer): Promise<PendingImport> {
  const bytes = await decompress(packed)
  const end = bytes.indexOf(newline)
  const { files, source, type, environment } = JSON.parse(bytes.toString('utf8', 0, end)) as Kept
  let start = end + 1
  return {
    source,
    type,
    environment,
    files: files.map((file) => {
      const content = bytes.subarray(start, start + file.bytes)
      start += file.bytes
      return { path: file.path, content }
    }),
  }
}

function tooLarge(bytes: number): DomainError {
  const [found, taken] = [bytes, maxBytes].map((each) => `${Math.ceil(each / 1024 / 1024)} MB`)
  const message = `These files are too large to be kept until you decide: compressed they have ${found}, and ${taken} are taken. Send fewer at once, or import them with the opentrace command.`
  return new DomainError('invalid_input', message, { field: 'files' })
}

function notKept(): DomainError {
  return new DomainError(
    'gone',
    'This upload was imported already, replaced by a later one, or is older than ten minutes. Choose the files again.',
  )
}
