import { entityRef, type ClaimedEntity, type EntityAttributes } from '../../model.ts'
import { isWebAddress, oneLine } from '../presentable-text.ts'
import { listAt, recordAt, textOf, textRecord } from '../untyped-values.ts'
import type { YamlDocument } from '../yaml-documents.ts'
import { refKey } from './entity-refs.ts'
import { kindOf } from './kinds.ts'

/** One entity of a catalog with the document that describes it. */
export interface CatalogEntity {
  /** Backstage's kind, in lower case. */
  kind: string
  namespace: string
  /** See {@link refKey}. */
  key: string
  document: YamlDocument
  entity: ClaimedEntity
}

/** Backstage leaves it out of references, and so do we. */
export const defaultNamespace = 'default'

/** https://backstage.io/docs/features/software-catalog/descriptor-format/#name-required, a little wider. */
const validName = /^[A-Za-z0-9][\w.-]{0,99}$/

/** @returns the entity of a document, `ignored` kinds by name, or a warning about what is not valid. */
export function readCatalogEntity(
  document: YamlDocument,
): CatalogEntity | { ignored: string } | { warning: string } {
  const { data, file, lineOf } = document
  const record = recordAt(data)
  const written = oneLine(textOf(record['kind']), 60) ?? 'document without a kind'
  const isBackstage = textOf(record['apiVersion'])?.startsWith('backstage.io/') ?? false
  const metadata = recordAt(data, 'metadata')
  const spec = recordAt(data, 'spec')
  const kind = kindOf(written.toLowerCase(), textOf(spec['type']))
  if (!isBackstage || kind === undefined) return { ignored: written }
  const name = textOf(metadata['name'])
  const namespace = (textOf(metadata['namespace']) ?? defaultNamespace).toLowerCase()
  if (name === undefined || !validName.test(name) || !validName.test(namespace))
    return { warning: `${file}:${lineOf(['metadata'])}: ${written} without a valid name was left out` }
  const ours = namespace === defaultNamespace ? undefined : namespace
  const tags = listAt(metadata, 'tags').flatMap((tag) => oneLine(textOf(tag), 63) ?? [])
  return {
    kind: written.toLowerCase(),
    namespace,
    key: refKey({ kind: written.toLowerCase(), namespace, name }),
    document,
    entity: {
      ref: entityRef({ kind, name, namespace: ours }),
      kind,
      name,
      namespace: ours,
      description: oneLine(textOf(metadata['description'])),
      aliases: aliasesOf(name, metadata, spec),
      ...(tags.length > 0 ? { tags: [...new Set(tags)].slice(0, 20) } : {}),
      attributes: attributesOf(kind, metadata, spec),
    },
  }
}

/** Titles are what people say; the id in Kubernetes is what manifests say. */
function aliasesOf(name: string, metadata: Record<string, unknown>, spec: Record<string, unknown>): string[] {
  const annotations = textRecord(metadata['annotations'])
  const names = [
    metadata['title'],
    recordAt(spec, 'profile')['displayName'],
    annotations['backstage.io/kubernetes-id'],
  ]
  const found = names.flatMap((each) => oneLine(textOf(each), 100) ?? [])
  return [...new Set(found)].filter((alias) => alias !== name)
}

function attributesOf(
  kind: string,
  metadata: Record<string, unknown>,
  spec: Record<string, unknown>,
): EntityAttributes {
  const links = listAt(metadata, 'links').flatMap((item) => {
    const url = textOf(recordAt(item)['url'])
    if (url === undefined || !isWebAddress(url)) return []
    return [{ title: oneLine(textOf(recordAt(item)['title']), 100) ?? url, url }]
  })
  return {
    lifecycle: oneLine(textOf(spec['lifecycle']), 50),
    form: kind === 'api' ? oneLine(textOf(spec['type']), 50) : undefined,
    links: links.length === 0 ? undefined : links.slice(0, 10),
  }
}
