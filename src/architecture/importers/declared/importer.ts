import { DomainError } from '../../../domain/errors.ts'
import { inEnvironment } from '../../environments.ts'
import type { ClaimedEvidence, RelationType } from '../../model.ts'
import { dependencyTypes } from '../../model.ts'
import { collectClaims, type ClaimsCollector } from '../claims-collector.ts'
import { dependencyOn } from '../dependency-verbs.ts'
import { fileName, glanceAt, refuseImport, type ImportFile } from '../import-file.ts'
import type { Importer, Reading } from '../importer.ts'
import { oneLine } from '../presentable-text.ts'
import { repositoryAt } from '../repository-entity.ts'
import { readYamlDocuments, type NodePath, type YamlDocument } from '../yaml-documents.ts'
import { createDeclaredNames, entityOf, type DeclaredNames } from './declared-names.ts'
import { problemsOf } from './problems.ts'
import { declaredFile, type DeclaredEntity, type DeclaredFile } from './schema.ts'

/** Files in OpenTrace's own format, written by people; docs/importing.md describes it. */
export const declaredImporter: Importer = {
  type: 'declared',
  title: 'OpenTrace declarations (opentrace.yaml)',
  accepts: (file) =>
    /^(?:[\w.-]*\.)?opentrace\.(?:ya?ml|json)$/i.test(fileName(file)) ||
    (/\.ya?ml$/i.test(fileName(file)) && /^opentrace: *\d/m.test(glanceAt(file))),
  read: readDeclared,
}

/** One document that is as the schema wants it. */
interface Declaration {
  document: YamlDocument
  content: DeclaredFile
}

/**
 * Reads what people declare. Names are looked up in all files of one environment, then in those of none.
 * @throws {DomainError} `import_refused` with `FILE:LINE: why` for everything that is wrong with a file
 */
export function readDeclared(files: readonly ImportFile[]): Reading {
  const documents = readYamlDocuments(files)
  const declarations = documents.map(parse)
  if (declarations.every(({ content }) => content.entities.length === 0)) {
    const message = `No entity in ${files.length} declaration(s). Nothing was imported.`
    throw new DomainError('import_refused', message)
  }
  const environments = new Set(declarations.map(({ content }) => content.environment?.toLowerCase()))
  const common = declarations.filter(({ content }) => content.environment === undefined)
  const collector = collectClaims()
  for (const environment of environments) {
    const own = declarations.filter(({ content }) => content.environment?.toLowerCase() === environment)
    const names = createDeclaredNames(
      [own, common].map((part) => part.flatMap(({ content }) => content.entities)),
    )
    const part = collectClaims()
    for (const declaration of own) addDeclaration(part, declaration, names)
    const { entities, relations } = inEnvironment(part.finish(), environment)
    for (const entity of entities) collector.addEntity(entity)
    for (const { evidence, ...relation } of relations)
      for (const each of evidence) collector.addRelation(relation, each)
  }
  return { claims: collector.finish(), documents: documents.length, ignored: {}, warnings: [] }
}

function parse(document: YamlDocument): Declaration {
  const parsed = declaredFile.safeParse(document.data, { reportInput: true })
  if (parsed.success) return { document, content: parsed.data }
  const message = `${problemsOf(document, parsed.error).join('; ')}. Nothing was imported.`
  throw new DomainError('import_refused', message)
}

function addDeclaration(
  collector: ClaimsCollector,
  { document, content }: Declaration,
  names: DeclaredNames,
): void {
  content.entities.forEach((declared, position) => {
    const entity = collector.addEntity(entityOf(declared))
    const add = (type: RelationType | undefined, reference: string, path: NodePath, what?: string) => {
      const target = names.find(reference, type)
      if (target === undefined) {
        const place = { file: document.file, line: document.lineOf(path) }
        throw refuseImport(
          place,
          `${reference} is not clear, name it as ${names.candidates(reference).join(' or ')}`,
        )
      }
      const used = target.isPlaceholder ? collector.addEntity(target.entity) : target.entity
      const verb = type ?? dependencyOn(used.kind)
      const field = oneLine(`${declared.name} ${verb}${what === undefined ? '' : `: ${what}`}`, 150) ?? verb
      collector.addRelation({ from: entity.ref, to: used.ref, type: verb }, evidenceAt(document, path, field))
    }
    const at = ['entities', position]
    if (declared.owner !== undefined) add('owned_by', declared.owner, [...at, 'owner'])
    if (declared.system !== undefined) add('part_of', systemReference(declared.system), [...at, 'system'])
    declared.part_of?.forEach((each, item) => add('part_of', each, [...at, 'part_of', item]))
    addRepository(collector, declared, { document, path: [...at, 'repository'], from: entity.ref })
    for (const type of dependencyTypes) {
      declared[type]?.forEach((each, item) => {
        const { to, relation, description } = typeof each === 'string' ? { to: each } : each
        const verb = relation ?? (type === 'depends_on' ? undefined : type)
        add(verb, to, [...at, type, item], description)
      })
    }
  })
}

function systemReference(text: string): string {
  return text.includes(':') ? text : `system:${text}`
}

function addRepository(
  collector: ClaimsCollector,
  { repository }: DeclaredEntity,
  { document, path, from }: { document: YamlDocument; path: NodePath; from: string },
): void {
  if (repository === undefined) return
  const known = repositoryAt(repository.includes('://') ? repository : `https://github.com/${repository}`)
  if (known === undefined) {
    const place = { file: document.file, line: document.lineOf(path) }
    throw refuseImport(place, 'repository must be an address with http or https, or org/repository')
  }
  // Without a host nobody said where it is, only what it is called.
  const entity = repository.includes('://') ? known : { ...known, attributes: {} }
  const { ref } = collector.addEntity(entity)
  collector.addRelation({ from, to: ref, type: 'source_in' }, evidenceAt(document, path, 'repository'))
}

function evidenceAt(document: YamlDocument, path: NodePath, field: string): ClaimedEvidence {
  return {
    method: 'declaration',
    place: { file: document.file, line: document.lineOf(path), field },
    basis: 'declared',
  }
}
