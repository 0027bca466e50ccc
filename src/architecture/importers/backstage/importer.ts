import { DomainError } from '../../../domain/errors.ts'
import { entityRef, type ClaimedEntity, type ClaimedEvidence } from '../../model.ts'
import { collectClaims, type ClaimsCollector } from '../claims-collector.ts'
import { fileName, glanceAt, type ImportFile } from '../import-file.ts'
import type { Importer, Reading } from '../importer.ts'
import { listAt, recordAt, textOf } from '../untyped-values.ts'
import { readYamlDocuments, type NodePath, type YamlDocument } from '../yaml-documents.ts'
import { defaultNamespace, readCatalogEntity, type CatalogEntity } from './catalog-entities.ts'
import { parseRef, refKey, type CatalogRef } from './entity-refs.ts'
import { relationFieldsOf, type RelationField } from './relation-fields.ts'
import { repositoryOf } from './repositories.ts'

/** Files of Backstage's software catalog. */
export const backstageImporter: Importer = {
  type: 'backstage',
  title: 'Backstage catalog files',
  accepts: (file) =>
    /^catalog-info\.ya?ml$/i.test(fileName(file)) ||
    (/\.(ya?ml|json)$/i.test(fileName(file)) &&
      /\bapiVersion["']?\s{0,10}:\s{0,10}["']?(?:[\w-]{1,50}\.){0,3}backstage\.io\//.test(glanceAt(file))),
  read: readBackstage,
}

const maxWarnings = 100
/** References in one import; a catalog of ten thousand components has fewer. */
const maxReferences = 100_000

/**
 * Reads entities and the relations their specs declare. What is named and not described stays as unresolved.
 * @throws {DomainError} `import_refused`
 */
export function readBackstage(files: readonly ImportFile[]): Reading {
  const documents = readYamlDocuments(files)
  const entities = new Map<string, CatalogEntity>()
  const described: CatalogEntity[] = []
  const ignored = new Map<string, number>()
  const warnings: string[] = []
  for (const document of documents) {
    const read = readCatalogEntity(document)
    if ('ignored' in read) ignored.set(read.ignored, (ignored.get(read.ignored) ?? 0) + 1)
    else if ('warning' in read) warnings.push(read.warning)
    else {
      described.push(read)
      if (!entities.has(read.key)) entities.set(read.key, read)
    }
  }
  if (described.length === 0) {
    const message = `No Component, Resource, API, System, Domain, Group or User in ${files.length} catalog file(s). Nothing was imported.`
    throw new DomainError('import_refused', message)
  }
  const collector = collectClaims()
  for (const { entity } of described) collector.addEntity(entity)
  const find = finder(entities, collector)
  let references = 0
  for (const entity of described) {
    addRepository(collector, entity)
    for (const named of namedBy(entity)) {
      references += 1
      if (references > maxReferences) throw tooMany(entity.document)
      const warning = addRelation(collector, entity, named, find)
      if (warning !== undefined) warnings.push(warning)
    }
  }
  return {
    claims: collector.finish(),
    documents: documents.length,
    ignored: Object.fromEntries(ignored),
    warnings: warnings.slice(0, maxWarnings),
  }
}

function tooMany({ file }: YamlDocument): DomainError {
  const message = `${file}:1: more than ${maxReferences} references between entities in one import. Nothing was imported.`
  return new DomainError('import_refused', message)
}

interface Named {
  text: string
  field: RelationField
  path: NodePath
}

function namedBy({ kind, document }: CatalogEntity): Named[] {
  const spec = recordAt(document.data, 'spec')
  return relationFieldsOf(kind).flatMap((field) => {
    const path = ['spec', field.field]
    const single = textOf(spec[field.field])
    if (single !== undefined) return [{ text: single, field, path }]
    return listAt(spec, field.field).flatMap((item, position) => {
      const text = textOf(item)
      return text === undefined ? [] : [{ text, field, path: [...path, position] }]
    })
  })
}

/** @returns a warning where the reference leads nowhere. */
function addRelation(
  collector: ClaimsCollector,
  { entity, namespace, document }: CatalogEntity,
  { text, field, path }: Named,
  find: (ref: CatalogRef) => ClaimedEntity | undefined,
): string | undefined {
  const ref = parseRef(text, { kind: field.defaultKind, namespace })
  const target = ref === undefined ? undefined : find(ref)
  const line = document.lineOf(path)
  if (target === undefined) {
    const why =
      ref === undefined ? 'is no reference to an entity' : 'does not say of which kind what it names is'
    return `${document.file}:${line}: this entry of ${field.field} ${why}, as in component:name`
  }
  const [from, to] = field.direction === 'to' ? [entity, target] : [target, entity]
  const evidence = catalogEvidence(document, line, `spec.${field.field}`)
  collector.addRelation({ from: from.ref, to: to.ref, type: field.type(to.kind) }, evidence)
  return undefined
}

function addRepository(collector: ClaimsCollector, { entity, document }: CatalogEntity): void {
  const repository = repositoryOf(document.data)
  if (repository === undefined) return
  const { ref } = collector.addEntity(repository.entity)
  const line = document.lineOf(['metadata', 'annotations', repository.annotation])
  const evidence = catalogEvidence(document, line, `annotation ${repository.annotation}`)
  collector.addRelation({ from: entity.ref, to: ref, type: 'source_in' }, evidence)
}

function catalogEvidence({ file }: YamlDocument, line: number, field: string): ClaimedEvidence {
  return { method: 'catalog', place: { file, line, field }, basis: 'declared' }
}

/** Catalogs often leave people to a directory: their name is all there is to know, and nothing is unresolved about it. */
const ownerKinds: ReadonlyMap<string, 'team' | 'user'> = new Map([
  ['group', 'team'],
  ['user', 'user'],
])

/** Finds described entities, and makes a placeholder for each other reference that says its kind. */
function finder(
  entities: ReadonlyMap<string, CatalogEntity>,
  collector: ClaimsCollector,
): (ref: CatalogRef) => ClaimedEntity | undefined {
  /** Who has the plain name, as it was first written. */
  const placeholders = new Map<string, { kind: string; name: string }>()
  return (ref) => {
    const kinds = ref.kind === undefined ? ['component', 'resource', 'api'] : [ref.kind]
    const found = kinds.flatMap((kind) => entities.get(refKey({ ...ref, kind })) ?? [])[0]
    if (found !== undefined) return found.entity
    if (ref.kind === undefined) return undefined
    const namespace = ref.namespace === defaultNamespace ? undefined : ref.namespace
    const people = ownerKinds.get(ref.kind)
    if (people !== undefined) {
      const owner = { kind: people, name: ref.name, namespace }
      return collector.addEntity({ ref: entityRef(owner), ...owner, aliases: [], attributes: {} })
    }
    const plain = entityRef({ kind: 'unresolved', name: ref.name.toLowerCase(), namespace })
    const first = placeholders.get(plain) ?? { kind: ref.kind, name: ref.name }
    placeholders.set(plain, first)
    // A team and a system of one name are two things, also while nobody describes them.
    const name = first.kind === ref.kind ? first.name : `${first.name} (${ref.kind})`
    return collector.addEntity({
      ref: entityRef({ kind: 'unresolved', name, namespace }),
      kind: 'unresolved',
      name,
      namespace,
      aliases: name === first.name ? [] : [first.name],
      attributes: {},
    })
  }
}
