import { neighboursOf } from '../digraph.ts'
import { byRank, entityAt, type GraphIndex } from '../graph-index.ts'

/** Something like an entity, and why. */
export interface SimilarEntity {
  ordinal: number
  /** 0 to 1. */
  likeness: number
  /** In words, what weighs most first. */
  reasons: string[]
  /** The two may be one thing under two names, or twice the same. */
  isLikelyDuplicate: boolean
}

const weights = { neighbours: 0.5, name: 0.3, technology: 0.1, tags: 0.1 }
const minLikeness = 0.15
/** Words in the names of more entities than this, such as `service`, say nothing. */
const minCommon = 50
const commonPart = 0.02

/**
 * Entities of the same kind that share neighbours or words of their names, the most alike first. Neighbours, words and
 * tags are compared by Jaccard's coefficient: what is shared among all that either has.
 */
export function findSimilar(index: GraphIndex, ordinal: number, limit: number): SimilarEntity[] {
  const compare = createComparison(index, ordinal)
  const rank = byRank(index)
  return candidatesFor(index, ordinal)
    .map(compare)
    .filter(({ likeness }) => likeness >= minLikeness)
    .toSorted((a, b) => b.likeness - a.likeness || rank(a.ordinal, b.ordinal))
    .slice(0, limit)
}

/** Of the same kind, and sharing a neighbour or a word that is not everywhere. */
function candidatesFor(index: GraphIndex, ordinal: number): number[] {
  const { dependencies, entities, names } = index
  const found = new Set<number>()
  const sides = [
    [dependencies.successors, dependencies.predecessors],
    [dependencies.predecessors, dependencies.successors],
  ] as const
  for (const [there, back] of sides) {
    for (const neighbour of neighboursOf(there, ordinal))
      for (const other of neighboursOf(back, neighbour)) found.add(other)
  }
  const tooMany = Math.max(minCommon, entities.length * commonPart)
  for (const word of names.wordsAt(ordinal)) {
    const others = names.byWord().get(word) ?? []
    if (others.length <= tooMany) for (const other of others) found.add(other)
  }
  found.delete(ordinal)
  const { kind } = entityAt(index, ordinal)
  return [...found].filter((other) => entities[other]?.kind === kind)
}

function createComparison(index: GraphIndex, ordinal: number): (other: number) => SimilarEntity {
  const { dependencies } = index
  const entity = entityAt(index, ordinal)
  const words = new Set(index.names.wordsAt(ordinal))
  const ownBareName = bareName(entity.name)
  const tags = new Set(entity.tags)
  const providers = new Set(neighboursOf(dependencies.successors, ordinal))
  const dependents = new Set(neighboursOf(dependencies.predecessors, ordinal))
  return (other) => {
    const { name, attributes, tags: otherTags = [] } = entityAt(index, other)
    const otherProviders = neighboursOf(dependencies.successors, other)
    const otherDependents = neighboursOf(dependencies.predecessors, other)
    const sharedProviders = countShared(providers, otherProviders)
    const sharedDependents = countShared(dependents, otherDependents)
    const otherNeighbours = otherProviders.length + otherDependents.length
    const shared = sharedProviders + sharedDependents
    const neighbours = shared / Math.max(1, providers.size + dependents.size + otherNeighbours - shared)
    const ownWords = [...new Set(index.names.wordsAt(other))]
    const sharedWords = ownWords.filter((word) => words.has(word))
    const named = sharedWords.length / Math.max(1, words.size + ownWords.length - sharedWords.length)
    const sharedTags = otherTags.filter((tag) => tags.has(tag))
    const tagged = sharedTags.length / Math.max(1, tags.size + otherTags.length - sharedTags.length)
    const { technology } = attributes
    const isSameTechnology = technology !== undefined && technology === entity.attributes.technology
    const likeness =
      weights.neighbours * neighbours +
      weights.name * named +
      weights.technology * Number(isSameTechnology) +
      weights.tags * tagged
    const isNamedAlike = bareName(name) === ownBareName
    return {
      ordinal: other,
      likeness: Math.round(likeness * 1000) / 1000,
      reasons: [
        isNamedAlike ? 'names differ only in form' : undefined,
        sharedProviders > 0 ? `${sharedProviders} of ${providers.size} dependencies shared` : undefined,
        sharedDependents > 0 ? `${sharedDependents} of ${dependents.size} dependents shared` : undefined,
        !isNamedAlike && sharedWords.length > 0 ? `names share ${sharedWords.join(', ')}` : undefined,
        isSameTechnology ? `both ${technology}` : undefined,
        sharedTags.length > 0 ? `both tagged ${sharedTags.join(', ')}` : undefined,
      ].filter((reason) => reason !== undefined),
      isLikelyDuplicate: isNamedAlike || (shared >= 2 && neighbours >= 0.6 && named >= 0.5),
    }
  }
}

function countShared(set: ReadonlySet<number>, others: Uint32Array): number {
  let count = 0
  for (const other of others) if (set.has(other)) count += 1
  return count
}

/** `carts`, `cart-service` and `CartSvc` are `cart`. */
function bareName(name: string): string {
  const bare = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const stem = bare.replace(/(?:service|svc|server|app|api)s?$/, '').replace(/(?<=...)s$/, '')
  return stem === '' ? bare : stem
}
