import { DomainError } from '../domain/errors.ts'
import { newId } from '../domain/identifiers.ts'
import type { Blobs } from '../storage/contract.ts'
import { createGraphStore, type Update } from './graph-store.ts'
import { inEnvironment, parseEnvironment } from './environments.ts'
import type { ImportFile } from './importers/import-file.ts'
import { readFiles, type TypedReading } from './importers/importers.ts'
import type { FilesRead, ReadFiles } from './importers/read-apart.ts'
import { createLoading, type Loading } from './loading.ts'
import { type JoinDecision, withDecision } from './joining.ts'
import type { ImporterType } from './model.ts'
import type { GraphDifference } from './queries/difference.ts'
import { sampleFiles } from './sample.ts'
import { isSection, replaceSection, type Section, type SectionKey } from './sections.ts'
import type { Snapshot } from './snapshot.ts'

/** Every organization's architecture graph: read at its newest revision or a former one, changed by imports. */
export interface Architecture {
  readonly load: Loading['load']
  /**
   * Replaces what the source said before of what these files are of. All or nothing.
   * @throws {DomainError} `import_refused` with `FILE:LINE: why`; the graph stays as it was.
   */
  readonly importFiles: (
    organizationId: string,
    files: readonly ImportFile[],
    options?: ImportOptions,
  ) => Promise<ImportResult>
  /** Imports the invented system that shows what the product can do, as the source `sample`. */
  readonly importSample: (organizationId: string) => Promise<ImportResult>
  /**
   * Changes one section, such as by spans that came in. Where `merge` gives the section another `runId`, there is a new
   * revision.
   */
  readonly ingest: (
    organizationId: string,
    key: SectionKey,
    merge: (former: Section | undefined) => Section,
  ) => Promise<Update>
  /**
   * Removes all that a source said; what others say too stays. With `dryRun` only tells what would go.
   * @throws {DomainError} `not_found`
   */
  readonly removeSource: (
    organizationId: string,
    source: string,
    options?: Pick<ImportOptions, 'dryRun'>,
  ) => Promise<Update>
  /** Takes two claimed entities for the same or for different things, whatever their names; undefined takes the word back. */
  readonly decide: (
    organizationId: string,
    refs: readonly [string, string],
    verdict: JoinDecision['verdict'] | undefined,
    by?: string,
  ) => Promise<Update>
  /** Deletes everything known about an organization. */
  readonly erase: (organizationId: string) => Promise<void>
}

/** How to import. */
export interface ImportOptions {
  /** By default each kind of files is a source of its own, named by the kind. */
  source?: string | undefined
  /** What all files are; by default each tells by its name and content. */
  type?: ImporterType | undefined
  environment?: string | undefined
  /** Only tells what would change. */
  dryRun?: boolean | undefined
  /** Refused with `conflict` when another revision is the newest by now. */
  ifRevision?: number | undefined
}

/** What an import did, or with `dryRun` would do. */
export interface ImportResult {
  /** One for each kind of files. */
  sources: ImportedSource[]
  /** The newest revision after it. */
  revision: number
  /** False when the sources said the same before; then there is no new revision. */
  changed: boolean
  difference: GraphDifference
  files: number
  documents: number
  entities: number
  relations: number
  /** References of entities that are used but described nowhere. */
  unresolved: string[]
  /** Files that are of no known kind. */
  unrecognized: string[]
  /** How many documents of each kind say nothing about dependencies. */
  ignored: Record<string, number>
  /** What was left out and why, each with file and line. */
  warnings: string[]
}

/** One section an import wrote. */
export interface ImportedSource {
  id: string
  type: ImporterType
  files: number
  entities: number
  relations: number
}

export interface ArchitectureDeps {
  blobs: Blobs
  now: () => number
  /** By default at once, while nothing else is done. */
  read?: ReadFiles
}

/** @returns the graphs kept in `blobs`, under `graph:{organizationId}`. */
export function createArchitecture({ blobs, now, read = readFiles }: ArchitectureDeps): Architecture {
  const store = createGraphStore({ blobs })
  const { load, forget } = createLoading({ store })

  const importFiles: Architecture['importFiles'] = async (organizationId, files, options = {}) => {
    const named = options.source === undefined ? undefined : parseSource(options.source)
    const environment = parseEnvironment(options.environment)
    const { readings, unrecognized } = await readOrNote(organizationId, files, options, named)
    const at = now()
    const runId = newId(at)
    const incoming = readings.map((reading) => ({
      source: {
        id: named ?? reading.type,
        kind: reading.type,
        scope: reading.type,
        environment,
        checkedAt: at,
        files: reading.files,
      },
      runId,
      claims: inEnvironment(reading.claims, environment),
    }))
    const { revision, changed, difference } = await store.update(organizationId, {
      cause: 'import',
      source: incoming
        .map(({ source }) => source.id)
        .filter((id, position, ids) => ids.indexOf(id) === position)
        .join(', '),
      at,
      dryRun: options.dryRun ?? false,
      apply: (before) => {
        requireRevision(before, options.ifRevision)
        return incoming.reduce(
          (snapshot, { source, ...said }) =>
            withSection(snapshot, source, (former) => replaceSection(former, { source, ...said }).section),
          before,
        )
      },
    })
    return {
      ...summarize(readings),
      sources: readings.map((reading) => presentSource(reading, named)),
      revision,
      changed,
      difference,
      files: files.length,
      unrecognized,
    }
  }

  /** A refused import is remembered where its source is known, so that people see why it does not get newer. */
  async function readOrNote(
    organizationId: string,
    files: readonly ImportFile[],
    { type, dryRun }: ImportOptions,
    named: string | undefined,
  ): Promise<FilesRead> {
    try {
      return await read(files, type)
    } catch (error) {
      if (!(error instanceof DomainError) || dryRun) throw error
      const message = error.message.slice(0, 500)
      const found = await store.readNewest(organizationId)
      const concerned = (section: Section) =>
        section.source.id === (named ?? type) && (type === undefined || section.source.kind === type)
      if (found !== undefined && found !== 'unchanged' && found.snapshot.sections.some(concerned)) {
        await store.update(organizationId, {
          cause: 'import',
          at: now(),
          apply: (before) => noteFailure(before, before.sections.filter(concerned), { at: now(), message }),
        })
      }
      throw error
    }
  }

  return {
    load,
    importFiles,
    importSample: async (organizationId) =>
      importFiles(organizationId, sampleFiles, { source: 'sample', type: 'kubernetes' }),
    ingest: async (organizationId, key, merge) =>
      store.update(organizationId, {
        cause: 'ingest',
        source: key.id,
        at: now(),
        apply: (before) => withSection(before, key, merge),
      }),
    removeSource: async (organizationId, source, { dryRun = false } = {}) =>
      store.update(organizationId, {
        dryRun,
        cause: 'removal',
        source,
        at: now(),
        apply: (before) => {
          if (!before.sections.some((section) => section.source.id === source))
            throw new DomainError('not_found', `There is no source ${JSON.stringify(source.slice(0, 100))}.`)
          return {
            ...before,
            sections: before.sections.filter((section) => section.source.id !== source),
            failures: before.failures.filter(({ id }) => id !== source),
          }
        },
      }),
    decide: async (organizationId, [a, b], verdict, by) =>
      store.update(organizationId, {
        cause: 'decision',
        at: now(),
        apply: (before) => ({
          ...before,
          decisions: withDecision(before.decisions, [a, b], verdict, { at: now(), by }),
        }),
      }),
    erase: async (organizationId) => {
      forget(organizationId)
      await store.erase(organizationId)
    },
  }
}

function requireRevision({ revision }: Snapshot, expected: number | undefined): void {
  if (expected === undefined || expected === revision) return
  throw new DomainError('conflict', `The architecture was changed meanwhile: it is at revision ${revision}.`)
}

function withSection(
  snapshot: Snapshot,
  key: SectionKey,
  write: (former: Section | undefined) => Section,
): Snapshot {
  const former = snapshot.sections.find(({ source }) => isSection(source, key))
  const section = write(former)
  return {
    ...snapshot,
    sections:
      former === undefined
        ? [...snapshot.sections, section]
        : snapshot.sections.map((each) => (each === former ? section : each)),
    failures: snapshot.failures.filter((failure) => !isSection(failure, key)),
  }
}

function noteFailure(
  snapshot: Snapshot,
  sections: readonly Section[],
  failure: { at: number; message: string },
): Snapshot {
  const failed = sections.map(({ source: { id, scope } }) => ({ id, scope, ...failure }))
  const others = snapshot.failures.filter((each) => !failed.some((key) => isSection(key, each)))
  return { ...snapshot, failures: [...others, ...failed] }
}

function summarize(
  readings: readonly TypedReading[],
): Pick<ImportResult, 'documents' | 'entities' | 'relations' | 'unresolved' | 'ignored' | 'warnings'> {
  const sum = (count: (reading: TypedReading) => number) =>
    readings.reduce((total, reading) => total + count(reading), 0)
  return {
    documents: sum(({ documents }) => documents),
    entities: sum(({ claims }) => claims.entities.length),
    relations: sum(({ claims }) => claims.relations.length),
    unresolved: readings.flatMap(({ claims }) =>
      claims.entities
        .filter(({ kind, mentionOnly }) => kind === 'unresolved' && !mentionOnly)
        .map(({ ref }) => ref),
    ),
    ignored: Object.assign({}, ...readings.map(({ ignored }) => ignored)) as Record<string, number>,
    warnings: readings.flatMap(({ warnings }) => warnings),
  }
}

function presentSource({ type, files, claims }: TypedReading, named: string | undefined): ImportedSource {
  const { entities, relations } = claims
  return { id: named ?? type, type, files, entities: entities.length, relations: relations.length }
}

function parseSource(name: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,62}$/.test(name)) return name
  const message = 'A source is named with up to 63 lower-case letters, digits, dots, dashes and underscores.'
  throw new DomainError('invalid_input', message, { field: 'source' })
}
