import { createArchitecture, type Architecture, type ImportResult } from '../architecture/architecture.ts'
import { presentImport } from '../architecture/import-record.ts'
import { importers, isRecognized } from '../architecture/importers/importers.ts'
import type { ImporterType } from '../architecture/model.ts'
import type { GraphDifference, RelationKey } from '../architecture/queries/difference.ts'
import type { Config } from '../config.ts'
import { createDomain, type Domain } from '../domain/domain.ts'
import { DomainError } from '../domain/errors.ts'
import type { Organization } from '../domain/organizations.ts'
import { openStore } from '../storage/open.ts'
import type { ImportOptions, SourceOptions } from './command-line.ts'
import { readPaths } from './import-paths.ts'
import { printRows } from './rows.ts'

/** Imports files into an organization, beside a running server: its next answer uses the new revision. */
export async function importFiles(
  config: Config,
  paths: readonly string[],
  options: ImportOptions,
): Promise<void> {
  const type = parseType(options.type)
  const found = await readPaths(paths, (file) => isRecognized(file, type))
  await withArchitecture(config, options, async ({ architecture, organization, domain }) => {
    const { source, environment, dryRun } = options
    const result = await architecture.importFiles(organization.id, found.files, {
      source,
      type,
      environment,
      dryRun,
    })
    if (!dryRun)
      await domain.auditLog.append(organization.id, presentImport(result, { actor: { kind: 'operator' } }))
    console.log([...describe(result, dryRun), ...describeRest(result, found)].map(printable).join('\n'))
  })
}

/** Prints what sources an organization's architecture comes from. */
export async function listSources(config: Config, options: SourceOptions): Promise<void> {
  await withArchitecture(config, options, async ({ architecture, organization }) => {
    const { graph } = await architecture.load(organization.id)
    if (graph.sources.length === 0) {
      console.log('Nothing was imported yet.')
      return
    }
    printRows([
      ['SOURCE', 'KIND', 'ENVIRONMENT', 'ENTITIES', 'RELATIONS', 'CHANGED', 'CHECKED', 'FAILURE'],
      ...graph.sources.map((source) => [
        source.id,
        source.kind,
        source.environment ?? '-',
        String(source.counts.entities),
        String(source.counts.relations),
        timeOf(source.importedAt),
        timeOf(source.checkedAt),
        source.failure === undefined ? '-' : `${timeOf(source.failure.at)} ${source.failure.message}`,
      ]),
    ])
  })
}

/** Removes what a source said; what others say too stays. */
export async function removeSource(config: Config, source: string, options: SourceOptions): Promise<void> {
  await withArchitecture(config, options, async ({ architecture, organization, domain }) => {
    const { revision, difference } = await architecture.removeSource(organization.id, source)
    await domain.auditLog.append(organization.id, {
      type: 'architecture.source_removed',
      source,
      revision,
      actor: { kind: 'operator' },
    })
    const { entities, relations } = difference
    console.log(
      `Removed source "${source}" with ${entities.removed.length} entities and ${relations.removed.length} relations that nothing else tells (revision ${revision}).`,
    )
  })
}

/** @throws {DomainError} `not_found` for an unknown organization */
async function withArchitecture(
  config: Config,
  { organization: slug }: { organization: string },
  use: (found: { architecture: Architecture; organization: Organization; domain: Domain }) => Promise<void>,
): Promise<void> {
  const store = await openStore(config)
  try {
    const domain = createDomain({ store, now: Date.now })
    const organization = await domain.organizations.findBySlug(slug)
    if (!organization) throw new DomainError('not_found', `There is no organization "${slug}".`)
    const architecture = createArchitecture({ blobs: store.blobs, now: Date.now })
    await use({ architecture, organization, domain })
  } finally {
    await store.close()
  }
}

function parseType(text: string | undefined): ImporterType | undefined {
  if (text === undefined) return undefined
  const known = importers.find(({ type }) => type === text)
  if (known !== undefined) return known.type
  const types = importers.map(({ type }) => type).join(', ')
  throw new DomainError('invalid_input', `There is no type ${JSON.stringify(text)}. Types are: ${types}.`)
}

function describe(result: ImportResult, dryRun: boolean | undefined): string[] {
  const { sources, revision, changed, difference } = result
  const names = [...new Set(sources.map(({ id }) => id))].map((id) => `source "${id}"`).join(', ')
  if (!changed)
    return [
      `Nothing ${dryRun ? 'would change' : 'changed'}: ${names} ${sources.length === 1 ? 'is' : 'are'} already at this state (revision ${revision}).`,
    ]
  const counts = `${result.entities} entities, ${result.relations} relations from ${result.documents} documents in ${result.files} files`
  const bySource =
    sources.length === 1
      ? []
      : sources.map(
          ({ id, type, files, entities, relations }) =>
            `  ${id} (${type}): ${entities} entities, ${relations} relations from ${files} files`,
        )
  if (!dryRun) return [`Imported ${names} as revision ${revision}: ${counts}.`, ...bySource]
  const lines = differenceLines(difference)
  const amount = (sign: string) => lines.filter((line) => line.startsWith(sign)).length
  return [
    ...lines,
    `Would import ${names}: ${counts}.`,
    ...bySource,
    `The graph would change by +${amount('+')} -${amount('-')} ~${amount('~')}. Nothing was imported.`,
  ]
}

function differenceLines({ entities, relations }: GraphDifference): string[] {
  return [
    ...entities.removed.map((ref) => `- ${ref}`),
    ...entities.added.map((ref) => `+ ${ref}`),
    ...entities.changed.map(({ ref, fields }) => `~ ${ref}: ${fields.join(', ')}`),
    ...relations.removed.map((relation) => `- ${presentEdge(relation)}`),
    ...relations.added.map((relation) => `+ ${presentEdge(relation)}`),
    ...relations.changed.map((relation) => {
      const changes = [
        ...relation.gained.map((voice) => `+ ${voice}`),
        ...relation.lost.map((voice) => `- ${voice}`),
      ]
      return `~ ${presentEdge(relation)}: ${changes.join(', ')}`
    }),
  ]
}

function presentEdge({ from, to, type }: RelationKey): string {
  return `${from} -${type}-> ${to}`
}

function describeRest(
  result: ImportResult,
  { passedOver, warnings }: { passedOver: number; warnings: readonly string[] },
): string[] {
  const ignored = Object.entries(result.ignored).map(([kind, count]) => `${count} ${kind}`)
  return [
    ...(result.unresolved.length > 0 ? [`Used but described nowhere: ${result.unresolved.join(', ')}`] : []),
    ...(ignored.length > 0 ? [`Says nothing about dependencies: ${ignored.join(', ')}`] : []),
    ...(result.unrecognized.length > 0
      ? [`Of no kind that can be imported: ${result.unrecognized.join(', ')}`]
      : []),
    ...(passedOver > 0 ? [`Passed over ${passedOver} files of other kinds.`] : []),
    ...[...warnings, ...result.warnings].map((warning) => `warning: ${warning}`),
  ]
}

/** Names out of files are shown in a terminal, which obeys control characters. */
function printable(line: string): string {
  return line.replaceAll(/\p{C}/gu, '?')
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ')
}
