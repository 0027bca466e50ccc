import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createArchitecture, type ImportResult } from '../architecture/architecture.ts'
import { presentImport } from '../architecture/import-record.ts'
import type { Config } from '../config.ts'
import { createDomain } from '../domain/domain.ts'
import { DomainError } from '../domain/errors.ts'
import { openStore } from '../storage/open.ts'
import type { ImportOptions } from './command-line.ts'

/** Imports manifests into an organization, beside a running server: its next answer uses the new revision. */
export async function importFiles(
  config: Config,
  paths: readonly string[],
  options: ImportOptions,
): Promise<void> {
  const files = await Promise.all(
    (await Promise.all(paths.map(listManifests)))
      .flat()
      .map(async (path) => ({ path, content: await readFile(path) })),
  )
  const store = await openStore(config)
  try {
    const { organizations, auditLog } = createDomain({ store, now: Date.now })
    const organization = await organizations.findBySlug(options.organization)
    if (!organization)
      throw new DomainError('not_found', `There is no organization "${options.organization}".`)
    const architecture = createArchitecture({ blobs: store.blobs, now: Date.now })
    const result = await architecture.importFiles(organization.id, files, { source: options.source })
    await auditLog.append(organization.id, presentImport(result, { actor: { kind: 'operator' } }))
    console.log(describe(result))
  } finally {
    await store.close()
  }
}

/** @throws {DomainError} when a path does not exist or a folder holds no YAML file */
async function listManifests(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined)
  if (!found) throw new DomainError('not_found', `There is no file or folder ${path}.`)
  if (!found.isDirectory()) return [path]
  const names = await readdir(path, { recursive: true })
  // Values of Compose files stand in .env files beside them.
  const manifests = names
    .filter((name) => /\.(ya?ml|json|env)$|(?:^|\/)\.env\.[\w.-]+$/i.test(name))
    .toSorted()
  if (manifests.length === 0)
    throw new DomainError('not_found', `There is no .yaml, .yml or .json file in ${path}.`)
  return manifests.map((name) => join(path, name))
}

function describe(result: ImportResult): string {
  const sources = result.sources.map(({ id }) => `source "${id}"`).join(', ')
  const ignored = Object.entries(result.ignored).map(([kind, count]) => `${count} ${kind}`)
  return [
    result.changed
      ? `Imported ${sources} as revision ${result.revision}: ${result.entities} entities, ${result.relations} relations from ${result.documents} documents in ${result.files} files.`
      : `Nothing changed: ${sources} ${result.sources.length === 1 ? 'is' : 'are'} already at this state (revision ${result.revision}).`,
    ...(result.unresolved.length > 0 ? [`Used but described nowhere: ${result.unresolved.join(', ')}`] : []),
    ...(ignored.length > 0 ? [`Says nothing about dependencies: ${ignored.join(', ')}`] : []),
    ...result.warnings.map((warning) => `warning: ${warning}`),
  ].join('\n')
}
