import type { ImportFile } from '../import-file.ts'
import { isRecord } from '../untyped-values.ts'
import { readYamlDocuments, type NodePath, type YamlDocument } from '../yaml-documents.ts'

/** One Kubernetes object as it was written; members of a `List` count one by one. */
export interface Manifest extends YamlDocument {
  kind: string
  data: Record<string, unknown>
}

/**
 * Parses every file before anything else happens, so that one bad file refuses the whole import.
 * @throws {DomainError} `import_refused` with `FILE:LINE: why`
 */
export function readManifests(files: readonly ImportFile[]): { manifests: Manifest[]; documents: number } {
  const documents = readYamlDocuments(files)
  return { manifests: documents.flatMap(manifestsOf), documents: documents.length }
}

function manifestsOf({ file, data, lineOf, tagOf }: YamlDocument): Manifest[] {
  if (!isRecord(data)) return []
  const manifest = (kind: unknown, value: Record<string, unknown>, prefix: NodePath): Manifest => ({
    kind: typeof kind === 'string' ? kind : '',
    file,
    data: value,
    lineOf: (path) => lineOf([...prefix, ...path]),
    tagOf: (path) => tagOf([...prefix, ...path]),
  })
  const { kind, items } = data as { kind?: unknown; items?: unknown }
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items))
    return [manifest(kind, data, [])]
  const kindOfItems = kind.slice(0, -'List'.length)
  return items.flatMap((item: unknown, position) =>
    isRecord(item) ? [manifest(item['kind'] ?? kindOfItems, item, ['items', position])] : [],
  )
}
