import { entityRef, type ClaimedEntity, type EntityKind, type RelationType } from '../../model.ts'
import { oneLine } from '../presentable-text.ts'
import { declaredKinds, type DeclaredEntity } from './schema.ts'

/** Finds what a reference in a declaration means. */
export interface DeclaredNames {
  /**
   * @param type Of the relation that leads there, which tells the kind where the reference does not.
   * @returns undefined where several entities could be meant
   */
  readonly find: (
    reference: string,
    type: RelationType | undefined,
  ) => { entity: ClaimedEntity; isPlaceholder: boolean } | undefined
  /** References that would be clear instead. */
  readonly candidates: (reference: string) => string[]
}

/** @param scopes Entities that are looked through one after the other. */
export function createDeclaredNames(scopes: readonly (readonly DeclaredEntity[])[]): DeclaredNames {
  const indexes = scopes.map(indexByName)
  const matching = (reference: string, kinds: readonly EntityKind[] | undefined) => {
    const { kind, namespace, name } = partsOf(reference)
    for (const index of indexes) {
      const found = (index.get(name.toLowerCase()) ?? []).filter(
        (entity) =>
          (kind === undefined || entity.kind === kind) &&
          (kind !== undefined || kinds === undefined || kinds.includes(entity.kind)) &&
          (namespace === undefined || entity.namespace === namespace),
      )
      if (found.length > 0) return found
    }
    return []
  }
  return {
    find: (reference, type) => {
      const ofKind = matching(reference, kindsFor(type))
      // What has no API described may itself be named; what owns is never anything else.
      const found = ofKind.length > 0 || type === 'owned_by' ? ofKind : matching(reference, undefined)
      const [entity, another] = found
      // One of several namesakes is meant by the plain name when it alone has no namespace.
      const plain = found.filter(({ namespace }) => namespace === undefined)
      if (entity !== undefined && another === undefined) return { entity, isPlaceholder: false }
      if (plain.length === 1 && plain[0] !== undefined) return { entity: plain[0], isPlaceholder: false }
      return found.length > 1 ? undefined : { entity: placeholder(reference, type), isPlaceholder: true }
    },
    candidates: (reference) =>
      matching(reference, undefined)
        .map(({ ref }) => ref)
        .slice(0, 5),
  }
}

/** What a declaration says of an entity itself. */
export function entityOf(declared: DeclaredEntity): ClaimedEntity {
  const { name, kind = 'service', namespace, tier, replicas } = declared
  const links = declared.links?.map(({ title, url }) => ({ title: oneLine(title, 100) ?? url, url }))
  const words = (list: readonly string[] | undefined, length: number) =>
    [...new Set((list ?? []).flatMap((each) => oneLine(each, length) ?? []))].filter((each) => each !== name)
  const tags = words(declared.tags, 63)
  return {
    ref: entityRef({ kind, name, namespace }),
    kind,
    name,
    namespace,
    description: oneLine(declared.description),
    aliases: words(declared.aliases, 100),
    ...(tags.length > 0 ? { tags } : {}),
    attributes: {
      technology: oneLine(declared.technology, 63),
      language: oneLine(declared.language, 63),
      lifecycle: oneLine(declared.lifecycle, 50),
      form: oneLine(declared.form, 50),
      tier,
      replicas,
      links,
    },
  }
}

function indexByName(entities: readonly DeclaredEntity[]): Map<string, ClaimedEntity[]> {
  const index = new Map<string, ClaimedEntity[]>()
  const refs = new Set<string>()
  for (const entity of entities.map(entityOf)) {
    if (refs.has(entity.ref)) continue
    refs.add(entity.ref)
    const key = entity.name.toLowerCase()
    const found = index.get(key)
    if (found === undefined) index.set(key, [entity])
    else found.push(entity)
  }
  return index
}

function partsOf(reference: string): { kind?: EntityKind; namespace?: string; name: string } {
  const [, kind, namespace, name = reference] =
    /^(?:([a-z]+):)?(?:([^/:]+)\/)?([^/:]+)$/.exec(reference) ?? []
  const known = declaredKinds.find((each) => each === kind)
  return {
    ...(known === undefined ? {} : { kind: known }),
    ...(namespace === undefined ? {} : { namespace }),
    name,
  }
}

/** Kinds that the verb alone tells. */
function kindsFor(type: RelationType | undefined): readonly EntityKind[] | undefined {
  if (type === 'owned_by') return ['team', 'user']
  if (type === 'consumes_api') return ['api']
  return type === 'uses_library' ? ['library'] : undefined
}

/** What stands for something that another source may describe: of the kind that was said, else unresolved. */
function placeholder(reference: string, type: RelationType | undefined): ClaimedEntity {
  const { kind = kindsFor(type)?.[0] ?? 'unresolved', namespace, name } = partsOf(reference)
  return { ref: entityRef({ kind, name, namespace }), kind, name, namespace, aliases: [], attributes: {} }
}
