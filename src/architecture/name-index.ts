import type { Entity } from './model.ts'
import { stemOf } from './name-stems.ts'
import { likenessOf, trigramsOf } from './trigrams.ts'
import { createVocabulary, type Vocabulary } from './vocabulary.ts'

/** Names of entities, made ready for lookup and for search that forgives typing errors. */
export interface NameIndex {
  /** Lower-case names to ordinals; a reference and `namespace/name` count as names. */
  byName: ReadonlyMap<string, readonly number[]>
  byAlias: ReadonlyMap<string, readonly number[]>
  /** What search looks through, by ordinal. Made when it is first asked for. */
  texts: () => readonly SearchableText[]
  /** All of them in one. Made when it is first asked for. */
  haystack: () => Haystack
  /** Of names and aliases, to ordinals. Made when it is first asked for: most questions name what there is. */
  trigrams: () => ReadonlyMap<string, readonly number[]>
  /** Words of the name of an entity. */
  wordsAt: (ordinal: number) => readonly string[]
  /** What the name of an entity has in common with those of its copies, by ordinal. */
  stemAt: (ordinal: number) => string
  /** Words of names to ordinals. Made when it is first asked for. */
  byWord: () => ReadonlyMap<string, readonly number[]>
  /** Words of names, tags, traits and descriptions. Made when it is first asked for: most searches need none. */
  vocabulary: () => Vocabulary
}

/** Everything that search looks through in one text, which an engine scans a hundred times as fast as many short ones. */
export interface Haystack {
  /** Parts are set apart by line ends, which no word contains. */
  text: string
  /** By ordinal: where the part of the next entity begins. */
  ends: Uint32Array
}

/** Lower-case. */
export interface SearchableText {
  ref: string
  kind: string
  name: string
  aliases: string[]
  namespace: string
  tags: string[]
  /** Kind, technology, language, lifecycle, tier, images and labels. */
  traits: string
  description: string
}

/** Builds the index; only what nearly every answer asks for is made at once. */
export function createNameIndex(entities: readonly Entity[]): NameIndex {
  const byName = new Map<string, number[]>()
  const byAlias = new Map<string, number[]>()
  const words: (string[] | undefined)[] = []
  const stems: (string | undefined)[] = []
  let texts: readonly SearchableText[] | undefined
  let byWord: ReadonlyMap<string, readonly number[]> | undefined
  let trigrams: ReadonlyMap<string, readonly number[]> | undefined
  let vocabulary: Vocabulary | undefined
  let haystack: Haystack | undefined
  entities.forEach(({ ref, name, namespace, aliases }, ordinal) => {
    const [lower, lowerRef] = [name.toLowerCase(), ref.toLowerCase()]
    const full = `${(namespace ?? '').toLowerCase()}/${lower}`
    append(byName, lower, ordinal)
    if (lowerRef !== lower) append(byName, lowerRef, ordinal)
    if (full !== lower && full !== lowerRef) append(byName, full, ordinal)
    for (const alias of aliases) append(byAlias, alias.toLowerCase(), ordinal)
  })
  const wordsAt = (ordinal: number) => (words[ordinal] ??= wordsOf(entities[ordinal]?.name ?? ''))
  const textsOf = () => (texts ??= entities.map(searchableText))
  return {
    byName,
    byAlias,
    texts: textsOf,
    haystack: () => (haystack ??= haystackOf(textsOf())),
    trigrams: () => (trigrams ??= trigramsOfNames(textsOf())),
    wordsAt,
    stemAt: (ordinal) => (stems[ordinal] ??= stemOf(wordsAt(ordinal))),
    byWord: () => (byWord ??= groupByWord(entities.length, wordsAt)),
    vocabulary: () => (vocabulary ??= createVocabulary(searchableWords(textsOf()))),
  }
}

function groupByWord(
  size: number,
  wordsAt: (ordinal: number) => readonly string[],
): Map<string, readonly number[]> {
  const byWord = new Map<string, number[]>()
  for (let ordinal = 0; ordinal < size; ordinal += 1)
    for (const word of new Set(wordsAt(ordinal))) append(byWord, word, ordinal)
  return byWord
}

function haystackOf(texts: readonly SearchableText[]): Haystack {
  const ends = new Uint32Array(texts.length)
  let length = 0
  const parts = texts.map(({ ref, kind, name, aliases, namespace, tags, traits, description }, ordinal) => {
    const part = `${[ref, `${kind}s`, name, ...aliases, namespace, ...tags, traits, description].join('\n')}\n`
    length += part.length
    ends[ordinal] = length
    return part
  })
  return { text: parts.join(''), ends }
}

/** Words of a name or sentence, in lower case: `CartSvc` has two. */
export function wordsOf(text: string): string[] {
  return wordsOfLowerCase(text.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase())
}

/** Letters of any script are told by lying beyond ASCII: properties of characters would take four times as long. */
function wordsOfLowerCase(text: string): string[] {
  return text.match(/[a-z0-9\u0080-\uffff]{2,}/g) ?? []
}

function searchableWords(texts: readonly SearchableText[]): Set<string> {
  const words = new Set<string>()
  for (const { name, aliases, tags, traits, description } of texts) {
    for (const text of [name, ...aliases, ...tags, traits, description])
      for (const word of wordsOfLowerCase(text)) words.add(word)
  }
  // A number that is not there is no typing error of another one.
  return new Set([...words].filter((word) => !/^\d+$/.test(word)))
}

/** An entity whose name is like a text: 0 to 1. */
export interface SimilarName {
  ordinal: number
  likeness: number
}

/** Only the most promising are compared exactly. */
const maxCompared = 100

/** Entities by Dice's coefficient of trigrams between a text and their most similar name, best first. */
export function findSimilarNames(names: NameIndex, text: string, minimum: number): SimilarName[] {
  const wanted = new Set(trigramsOf(text.toLowerCase().slice(0, 100)))
  const trigrams = names.trigrams()
  const shared = new Map<number, number>()
  for (const trigram of wanted) {
    for (const ordinal of trigrams.get(trigram) ?? []) shared.set(ordinal, (shared.get(ordinal) ?? 0) + 1)
  }
  return [...shared]
    .toSorted((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, maxCompared)
    .map(([ordinal]) => {
      const { name = '', aliases = [] } = names.texts()[ordinal] ?? {}
      return { ordinal, likeness: Math.max(...[name, ...aliases].map((each) => likenessOf(wanted, each))) }
    })
    .filter(({ likeness }) => likeness >= minimum)
    .toSorted((a, b) => b.likeness - a.likeness || a.ordinal - b.ordinal)
}

function trigramsOfNames(texts: readonly SearchableText[]): Map<string, number[]> {
  const trigrams = new Map<string, number[]>()
  texts.forEach(({ name, aliases }, ordinal) => {
    for (const trigram of new Set([name, ...aliases].flatMap(trigramsOf))) append(trigrams, trigram, ordinal)
  })
  return trigrams
}

function searchableText(entity: Entity): SearchableText {
  const { ref, kind, name, namespace, aliases, description, attributes } = entity
  const { technology, images, labels, language, lifecycle, tier } = attributes
  const traits = [
    kind,
    technology,
    language,
    lifecycle,
    tier,
    ...(images ?? []),
    ...Object.values(labels ?? {}),
  ]
  return {
    ref: ref.toLowerCase(),
    kind,
    name: name.toLowerCase(),
    aliases: aliases.map((alias) => alias.toLowerCase()),
    namespace: (namespace ?? '').toLowerCase(),
    tags: (entity.tags ?? []).map((tag) => tag.toLowerCase()),
    traits: traits.join(' ').toLowerCase(),
    description: (description ?? '').toLowerCase(),
  }
}

function append(map: Map<string, number[]>, key: string, ordinal: number): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [ordinal])
  else list.push(ordinal)
}
