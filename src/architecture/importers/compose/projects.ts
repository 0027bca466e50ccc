import type { ImportFile } from '../import-file.ts'
import { presentablePath, readText } from '../import-file.ts'
import { isRecord, listAt, recordAt, textOf } from '../untyped-values.ts'
import type { NodePath, YamlDocument } from '../yaml-documents.ts'
import { parseDotenv, type DotenvVariable } from './dotenv.ts'
import { folderOf, isBaseFile, rankOf, resolvePath } from './file-names.ts'
import type { Lookup } from './interpolation.ts'

/** One document of a compose file. */
export interface ComposeDocument extends YamlDocument {
  folder: string
  services: Record<string, unknown>
  /** Where the services stand: at the top in files of Compose's first format. */
  servicesPath: NodePath
}

/** Compose files that Compose would read together, lowest first, and what their `.env` says. */
export interface Project {
  name: string
  documents: ComposeDocument[]
  lookup: Lookup
}

/** All compose files and variable files of one import. */
export interface ComposeFiles {
  projects: Project[]
  /** Documents of a file, for `extends`. */
  documentsOf: (path: string) => readonly ComposeDocument[]
  /** A file that `env_file` names; undefined when it is not part of the import. */
  variableFile: (path: string) => VariableFile | undefined
}

/** A file of `NAME=value` lines. */
export interface VariableFile {
  file: string
  /** Characters to read for it. */
  length: number
  variables: (lookup: Lookup) => ReadonlyMap<string, DotenvVariable>
}

/**
 * Files of one folder make one project, with those that they `include`. A file that others only extend is a template.
 * Within a project `compose.yaml` or `docker-compose.yml` come first, what is called `override` last, and between them
 * the others in the order they were given, as with `docker compose -f a -f b`.
 */
export function findProjects(
  yamlDocuments: readonly YamlDocument[],
  variableFiles: readonly ImportFile[],
): ComposeFiles {
  const documents = yamlDocuments.flatMap(composeDocument)
  const byPath = groupBy(documents, ({ file }) => resolvePath('', file))
  const texts = new Map(variableFiles.map((file) => [resolvePath('', presentablePath(file.path)), file]))
  const templates = new Set(documents.flatMap(extendedFiles).filter((path) => !isBaseFile(path)))
  const standing = documents.filter(({ file }) => !templates.has(resolvePath('', file)))
  const folderFor = followIncludes(standing)
  const groups = [...groupBy(standing, ({ folder }) => folderFor(folder))]
  const names = nameProjects(groups)
  const only = groups.length === 1
  return {
    projects: groups.map(([folder, group], position) => ({
      name: names[position] ?? '',
      documents: group.toSorted((a, b) => rankOf(a.file) - rankOf(b.file)),
      lookup: lookupIn(texts, [...new Set([folder, ...group.map((each) => each.folder)])], only),
    })),
    documentsOf: (path) => byPath.get(path) ?? [],
    variableFile: (path) => {
      const file = texts.get(path)
      if (file === undefined) return undefined
      const text = readText(file)
      const variables = (lookup: Lookup) => parseDotenv(text, lookup)
      return { file: presentablePath(file.path), length: text.length, variables }
    },
  }
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

function composeDocument(document: YamlDocument): ComposeDocument[] {
  const { data, file } = document
  if (!isRecord(data)) return []
  const folder = folderOf(file)
  if ('services' in data || 'include' in data || 'version' in data)
    return [{ ...document, folder, services: recordAt(data, 'services'), servicesPath: ['services'] }]
  const isFirstFormat = Object.values(data).some(
    (each) => isRecord(each) && ('image' in each || 'build' in each),
  )
  return [{ ...document, folder, services: isFirstFormat ? data : {}, servicesPath: [] }]
}

function extendedFiles({ file, folder, services }: ComposeDocument): string[] {
  return Object.values(services).flatMap((service) => {
    const extended = textOf(recordAt(service, 'extends')['file'])
    const path = extended === undefined ? undefined : resolvePath(folder, extended)
    return path === undefined || path === resolvePath('', file) ? [] : [path]
  })
}

/** @returns what leads from a folder to that of the project it belongs to */
function followIncludes(documents: readonly ComposeDocument[]): (folder: string) => string {
  const including = new Map<string, string>()
  const present = new Set(documents.map(({ file }) => resolvePath('', file)))
  for (const { data, folder } of documents) {
    for (const item of listAt(data, 'include')) {
      const paths = isRecord(item) ? [item['path'], ...listAt(item, 'path')] : [item]
      for (const path of paths.flatMap((each) => textOf(each) ?? [])) {
        const included = resolvePath(folder, path)
        if (present.has(included) && folderOf(included) !== folder) including.set(folderOf(included), folder)
      }
    }
  }
  return (folder) => {
    const seen = new Set([folder])
    let current = folder
    for (
      let next = including.get(current);
      next !== undefined && !seen.has(next);
      next = including.get(current)
    ) {
      seen.add(next)
      current = next
    }
    return current
  }
}

/** Their `name`, or that of their folder; each once, as namespaces tell entities apart by it. */
function nameProjects(groups: readonly (readonly [string, readonly ComposeDocument[]])[]): string[] {
  const taken = new Set<string>()
  return groups.map(([folder, documents]) => {
    const given = documents
      .map(({ data }) => textOf(recordAt(data)['name']))
      .findLast((name) => name !== undefined)
    const candidates = [given, folder.split('/').at(-1), folder, 'compose'].map(asName)
    const free = candidates.find((name) => name !== '' && !taken.has(name))
    const name = free ?? `compose-${taken.size + 1}`
    taken.add(name)
    return name
  })
}

/** https://docs.docker.com/compose/how-tos/project-name/ */
function asName(text: string | undefined): string {
  return (text ?? '')
    .slice(-100)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .replaceAll(/^[-_]+|[-_]+$/g, '')
    .slice(0, 60)
}

/** Later over earlier; those after the first line only where no other is there. */
const variableFileNames = [
  ['.env', '.env.override', '.env.local'],
  ['.env.example', '.env.sample', '.env.dist', '.env.template', 'example.env'],
]

/** Variables of the nearest `.env` from each folder upwards; the first folder's count most. */
function lookupIn(files: ReadonlyMap<string, ImportFile>, folders: readonly string[], only: boolean): Lookup {
  const found = new Map<string, string>()
  const nearest = folders.map((folder) => nearestVariableFiles(files, folder))
  // Whoever gives one project and one .env means them for each other, wherever they stand.
  const named = [...files.keys()].filter((path) => path.split('/').at(-1) === '.env')
  const given = only && named.length === 1 && nearest.every((paths) => paths.length === 0) ? [named] : nearest
  for (const paths of given) {
    const own = new Map<string, string>()
    for (const file of paths.flatMap((path) => files.get(path) ?? [])) {
      const variables = parseDotenv(readText(file), (name) => found.get(name) ?? own.get(name))
      for (const [name, { text }] of variables) own.set(name, text)
    }
    for (const [name, text] of own) if (!found.has(name)) found.set(name, text)
  }
  return (name) => found.get(name)
}

function nearestVariableFiles(files: ReadonlyMap<string, ImportFile>, folder: string): string[] {
  for (let current = folder; ; current = folderOf(current)) {
    for (const names of variableFileNames) {
      const present = names.map((name) => resolvePath(current, name)).filter((path) => files.has(path))
      if (present.length > 0) return present
    }
    if (current === '') return []
  }
}
