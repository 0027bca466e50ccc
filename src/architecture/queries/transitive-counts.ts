import { adjacencyOf, digraphOf, type Digraph } from '../digraph.ts'
import type { Steps } from '../slices.ts'
import { findStrongComponents } from './strong-components.ts'

/** How many groups are counted at a time: a row of bits for each group stays small also in large graphs. */
const blockSize = 1024
const wordsPerBlock = blockSize / 32
const groupsPerStep = 1000

/**
 * By node: how many others lead to it, directly or through others. All closures at once: bits for a block of sources
 * are carried along the relations in topological order of the strongly connected components.
 */
export function* countTransitiveDependents(graph: Digraph): Steps<Uint32Array> {
  const { numbers, count } = findStrongComponents(graph)
  const sizes = new Uint32Array(count)
  for (const number of numbers) sizes[number] = (sizes[number] ?? 0) + 1
  yield
  const { successors } = graphOfGroups(graph, numbers, count)
  yield
  const totals = new Uint32Array(count)
  const bits = new Uint32Array(count * wordsPerBlock)
  for (let first = 0; first < count; first += blockSize) {
    bits.fill(0)
    // Groups that lead to others have greater numbers: from the last to the first all who lead to a group came before.
    for (let group = count - 1; group >= 0; group -= 1) {
      if (group >= first && group < first + blockSize) setBit(bits, group, group - first)
      let weight = 0
      for (let word = 0; word < wordsPerBlock; word += 1) {
        let rest = bits[group * wordsPerBlock + word] ?? 0
        if (rest === 0) continue
        for (let at = successors.offsets[group] ?? 0; at < (successors.offsets[group + 1] ?? 0); at += 1) {
          const place = (successors.neighbours[at] ?? 0) * wordsPerBlock + word
          bits[place] = (bits[place] ?? 0) | rest
        }
        for (; rest !== 0; rest &= rest - 1) {
          weight += sizes[first + word * 32 + 31 - Math.clz32(rest & -rest)] ?? 0
        }
      }
      totals[group] = (totals[group] ?? 0) + weight
      if (group % groupsPerStep === 0) yield
    }
  }
  // Its own group counts whole, but for the node itself.
  return Uint32Array.from(numbers, (number) => (totals[number] ?? 1) - 1)
}

function setBit(bits: Uint32Array, group: number, bit: number): void {
  const place = group * wordsPerBlock + (bit >>> 5)
  bits[place] = (bits[place] ?? 0) | (1 << (bit & 31))
}

/** The graph of groups: which leads to which. */
function graphOfGroups({ size, successors }: Digraph, numbers: Int32Array, count: number): Digraph {
  const starts = new Uint32Array(successors.neighbours.length)
  for (let node = 0; node < size; node += 1)
    starts.fill(numbers[node] ?? 0, successors.offsets[node], successors.offsets[node + 1])
  const ends = successors.neighbours.map((node) => numbers[node] ?? 0)
  return digraphOf(adjacencyOf(count, starts, ends), () => true)
}
