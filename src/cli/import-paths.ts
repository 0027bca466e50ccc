import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import ignore, { type Ignore } from 'ignore'
import { importLimits, type ImportFile } from '../architecture/importers/import-file.ts'
import { DomainError } from '../domain/errors.ts'

/** What paths on the command line lead to. */
export interface FoundFiles {
  files: ImportFile[]
  /** How many files of folders are of no kind that is read. */
  passedOver: number
  warnings: string[]
}

/** Never worth a look: what tools make, and what others wrote. A line `!dist` in an ignore file takes one back. */
const ignoredByDefault =
  `.git .hg .svn node_modules bower_components vendor third_party venv .venv __pycache__ .tox
  dist build target out .next .nuxt .gradle .mvn .idea .vscode .terraform coverage .cache`.split(/\s+/)
/** The first is ours, the second is what the hosted product of this name calls it. Both in the syntax of .gitignore. */
const ignoreFiles = ['.opentraceignore', '.otignore']

/** A checkout with more than this many files to look at needs an ignore file. */
const maxFilesLookedAt = 50_000
/** So that a large checkout neither fills the memory nor exhausts the open files. */
const maxOpenFiles = 32

/**
 * Reads files, and in folders all that somebody can read.
 * @param accepts Whether a file is of a kind that is read; asked for files in folders only.
 * @throws {DomainError} `not_found` when a path does not exist or a folder holds nothing of use
 */
export async function readPaths(
  paths: readonly string[],
  accepts: (file: ImportFile) => boolean,
): Promise<FoundFiles> {
  const found: FoundFiles = { files: [], passedOver: 0, warnings: [] }
  for (const path of paths) {
    const known = await stat(path).catch(() => undefined)
    if (!known) throw new DomainError('not_found', `There is no file or folder ${path}.`)
    if (known.isDirectory()) await readFolder(path, accepts, found)
    else found.files.push({ path, content: await readFile(path) })
  }
  return found
}

async function readFolder(
  folder: string,
  accepts: (file: ImportFile) => boolean,
  found: FoundFiles,
): Promise<void> {
  const before = found.files.length
  const listed = await listFolder(folder)
  for (let at = 0; at < listed.length; at += maxOpenFiles) {
    const read = await Promise.all(listed.slice(at, at + maxOpenFiles).map(readUnlessLarge))
    for (const { path, content } of read) {
      if (content === undefined)
        found.warnings.push(`${path}:1: left out, since it has more than ${importLimits.fileBytes} bytes`)
      else if (accepts({ path, content })) found.files.push({ path, content })
      else found.passedOver += 1
    }
  }
  if (found.files.length === before)
    throw new DomainError('not_found', `There is nothing in ${folder} that can be imported.`)
}

/** What is large in a checkout is data more often than not, so it is left out with a warning and refuses nothing. */
async function readUnlessLarge(path: string): Promise<{ path: string; content: Uint8Array | undefined }> {
  const { size } = await stat(path)
  return { path, content: size > importLimits.fileBytes ? undefined : await readFile(path) }
}

/** @returns paths of regular files that nothing ignores, in order; symbolic links are not followed. */
async function listFolder(folder: string): Promise<string[]> {
  const ignored = await readIgnoreFiles(folder)
  const paths: string[] = []
  const waiting = [folder]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      const path = join(next, entry.name)
      const inside = relative(folder, path).split(sep).join('/')
      if (ignored.ignores(entry.isDirectory() ? `${inside}/` : inside)) continue
      if (entry.isDirectory()) waiting.push(path)
      else if (entry.isFile()) paths.push(path)
    }
    if (paths.length > maxFilesLookedAt)
      throw new DomainError(
        'import_refused',
        `${folder} has more than ${maxFilesLookedAt} files. Leave some out in ${join(folder, '.opentraceignore')}. Nothing was imported.`,
      )
  }
  return paths.toSorted()
}

async function readIgnoreFiles(folder: string): Promise<Ignore> {
  const texts = await Promise.all(
    ignoreFiles.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')),
  )
  return ignore().add([...ignoredByDefault, ...texts].join('\n'))
}
