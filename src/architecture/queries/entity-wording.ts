import { entityAt, type GraphIndex } from '../graph-index.ts'
import { isStore } from '../kind-groups.ts'
import type { Entity, EntityKind } from '../model.ts'
import { wordsOf } from '../name-index.ts'

/**
 * Entities whose name or alias is the same but for punctuation and a word such as `service` at its end: `cart service`
 * and `cart` mean `cartservice`.
 */
export function findOtherForms(index: GraphIndex, text: string): number[] {
  const wanted = compact(text.replace(/^(?:the|our|my)\s+/, ''))
  if (wanted === '') return []
  const having = (form: (name: string) => string) =>
    index.names
      .texts()
      .flatMap(({ name, aliases }, ordinal) =>
        form(name) === form(wanted) || aliases.some((alias) => form(alias) === form(wanted)) ? [ordinal] : [],
      )
  const same = having(compact)
  return same.length > 0 ? same : having(stem)
}

/**
 * Entities that are what the text says: of a kind (`database`), of a technology (`redis`), or with its words in their
 * name (`orders database`). Where no database is known, other stores are meant.
 */
export function findDescribed(index: GraphIndex, text: string): number[] {
  const words = wordsOf(text).filter((word) => !fillers.has(word))
  const isOfKind = words.flatMap((word) => kindWords.get(word) ?? [])
  const others = words.filter((word) => !kindWords.has(word))
  if (words.length === 0) return []
  const fitting = (isWanted: (kind: EntityKind) => boolean) =>
    Array.from(index.entities.keys()).filter((ordinal) => {
      const entity = entityAt(index, ordinal)
      if (groups.has(entity.kind) || !isWanted(entity.kind)) return false
      if (others.length === 0) return true
      const own = new Set(wordsOf(entity.name))
      return others.every((word) => own.has(word) || isTechnology(entity, word))
    })
  if (isOfKind.length === 0) return fitting((kind) => kind !== 'unresolved')
  const found = fitting((kind) => isOfKind.every((isWanted) => isWanted(kind)))
  const meansStore = isOfKind.some((isWanted) => isWanted('database'))
  return found.length > 0 || !meansStore ? found : fitting(isStore)
}

/** Nobody says `the payments team` and means what depends on what. */
const groups: ReadonlySet<EntityKind> = new Set(['system', 'domain', 'team', 'user', 'repository'])

const fillers: ReadonlySet<string> = new Set(['the', 'our', 'my', 'an', 'main', 'service', 'services'])

const isKind =
  (...kinds: EntityKind[]) =>
  (kind: EntityKind) =>
    kinds.includes(kind)

/** No object, which would know `constructor`. */
const kindWords: ReadonlyMap<string, (kind: EntityKind) => boolean> = new Map([
  ...['database', 'databases', 'db'].map((word) => [word, isKind('database')] as const),
  ...['cache', 'caches'].map((word) => [word, isKind('cache')] as const),
  ...['store', 'stores', 'datastore', 'datastores'].map((word) => [word, isStore] as const),
  ...['storage', 'bucket', 'buckets'].map((word) => [word, isKind('storage')] as const),
  ...['queue', 'queues', 'topic', 'broker'].map((word) => [word, isKind('queue')] as const),
  ...['gateway', 'ingress'].map((word) => [word, isKind('gateway')] as const),
  ...['website', 'websites'].map((word) => [word, isKind('website')] as const),
  ...['job', 'jobs'].map((word) => [word, isKind('job')] as const),
])

function isTechnology({ attributes: { technology } }: Entity, word: string): boolean {
  return technology?.toLowerCase() === word
}

function compact(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}

function stem(text: string): string {
  const bare = compact(text)
  const without = bare.replace(/(?:service|svc|server|app|api)s?$/, '')
  return without.length < 3 ? bare : without
}
