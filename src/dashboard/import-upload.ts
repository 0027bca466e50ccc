import { importLimits, type ImportFile, presentablePath } from '../architecture/importers/import-file.ts'
import { DomainError } from '../domain/errors.ts'
import { isAdmin, noSuchOrganization } from '../domain/members.ts'
import { readMultipart, type UploadedFile } from '../http/multipart.ts'
import type { ReceiveForm } from './viewer.ts'

/**
 * What one upload may bring, with names and boundaries: less than an import at the command line, which has a process of
 * its own, whereas here everybody waits while files are read.
 */
export const uploadLimits = {
  fields: 10,
  fieldBytes: 1000,
  files: 500,
  fileBytes: importLimits.fileBytes,
  totalBytes: 4 * 1024 * 1024,
}

/** Receives files to import: only of administrators, and judged by who sends them before they are read. */
export const receiveImport: ReceiveForm = async (ctx, memberships, check) => {
  const own = memberships.find(({ organization }) => organization.slug === ctx.params['slug'])
  if (own === undefined) throw noSuchOrganization()
  if (!isAdmin(own.role)) throw mayNotChange()
  return readMultipart(ctx.req, uploadLimits, check)
}

/** @returns a refusal that says whom to ask */
export function mayNotChange(): DomainError {
  return new DomainError('forbidden', 'Only administrators change the architecture. Ask one of yours.')
}

/** Files as importers read them. Nothing is ever opened by their names, but people and models read them. */
export function filesOf(uploaded: readonly UploadedFile[]): ImportFile[] {
  return uploaded.map(({ name, content }) => {
    const path = pathOf(name)
    if (isArchive(content))
      throw new DomainError(
        'import_refused',
        `${path} is an archive. Unpack it and choose the files in it. Nothing was imported.`,
        { field: 'files' },
      )
    return { path, content }
  })
}

/** Names come with folders, drives and `..` in them; what is left is relative. */
function pathOf(name: string): string {
  const parts = presentablePath(name)
    .split(/[/\\]/)
    .map((part) => part.trim())
    .filter((part) => part !== '' && part !== '.' && part !== '..' && !/^[a-z]:$/i.test(part))
  return parts.join('/') || 'unnamed'
}

/** By the first bytes of zip, 7z, RAR and xz. */
function isArchive(content: Buffer): boolean {
  return /^(?:504b0304|504b0506|377abcaf271c|526172211a07|fd377a585a00)/.test(
    content.subarray(0, 6).toString('hex'),
  )
}
