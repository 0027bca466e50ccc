import { trigramsOf } from './trigrams.ts'

/** Every word that search can find, for the correction of typing errors. */
export interface Vocabulary {
  words: readonly string[]
  /** To positions in `words`. */
  trigrams: ReadonlyMap<string, readonly number[]>
}

/** A word that may have been meant. */
export interface SimilarWord {
  word: string
  /** Letters that differ, were left out, added or swapped with their neighbour. */
  distance: number
}

/** Only the most promising are compared letter by letter. */
const maxCompared = 50

/** Builds the index of words. */
export function createVocabulary(words: ReadonlySet<string>): Vocabulary {
  const distinct = [...words]
  const trigrams = new Map<string, number[]>()
  distinct.forEach((word, position) => {
    for (const trigram of new Set(trigramsOf(word))) {
      const list = trigrams.get(trigram)
      if (list === undefined) trigrams.set(trigram, [position])
      else list.push(position)
    }
  })
  return { words: distinct, trigrams }
}

/** Words spelled almost like another, nearest first. Of short words too little is left to guess from. */
export function findSimilarWords({ words, trigrams }: Vocabulary, text: string): SimilarWord[] {
  const limit = errorsIn(text)
  if (limit === 0) return []
  const wanted = new Set(trigramsOf(text))
  // Each error spoils three trigrams at most, or four where two letters were swapped.
  const minShared = Math.max(1, text.length + 1 - 4 * limit)
  const shared = new Map<number, number>()
  for (const trigram of wanted) {
    for (const position of trigrams.get(trigram) ?? []) shared.set(position, (shared.get(position) ?? 0) + 1)
  }
  return [...shared]
    .map(([position, count]) => ({ word: words[position] ?? '', count }))
    .filter(({ word, count }) => Math.abs(word.length - text.length) <= limit && count >= minShared)
    .toSorted((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1))
    .slice(0, maxCompared)
    .map(({ word }) => ({ word, distance: distanceOf(text, word) }))
    .filter(({ distance }) => distance <= limit)
    .toSorted((a, b) => a.distance - b.distance || (a.word < b.word ? -1 : 1))
}

function errorsIn({ length }: string): number {
  if (length < 4) return 0
  return length < 6 ? 1 : 2
}

/** Optimal string alignment: Levenshtein's distance, in which two swapped letters are one error. */
function distanceOf(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1]
      let least = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
      )
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        least = Math.min(least, (before[column - 2] ?? 0) + 1)
      current.push(least)
    }
    before = last
    last = current
  }
  return last[b.length] ?? 0
}
