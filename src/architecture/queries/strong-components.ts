import type { Digraph } from '../digraph.ts'

/** Groups of nodes each of which leads to every other one. */
export interface StrongComponents {
  /** By node: the number of its group. A group's number is smaller than those of groups that lead to it. */
  numbers: Int32Array
  count: number
}

/** Strongly connected components: Tarjan's algorithm (SIAM J. Comput. 1, 1972), without recursion. */
export function findStrongComponents({ size, successors }: Digraph): StrongComponents {
  const { offsets, neighbours } = successors
  const numbers = new Int32Array(size).fill(-1)
  /** When a node was met, from 1; 0 means not yet. */
  const met = new Uint32Array(size)
  /** The earliest met node of its group that a node is known to lead to. */
  const lowest = new Uint32Array(size)
  const next = offsets.slice()
  const path = new Uint32Array(size)
  const open = new Uint32Array(size)
  let [clock, depth, opened, count] = [0, 0, 0, 0]
  const enter = (node: number) => {
    clock += 1
    met[node] = lowest[node] = clock
    path[depth] = open[opened] = node
    depth += 1
    opened += 1
  }
  const leave = (node: number) => {
    depth -= 1
    if (lowest[node] === met[node]) {
      for (let member = -1; member !== node;) {
        opened -= 1
        member = open[opened] ?? node
        numbers[member] = count
      }
      count += 1
    }
    if (depth > 0) lower(path[depth - 1] ?? 0, lowest[node] ?? 0)
  }
  const lower = (node: number, to: number) => {
    if (to < (lowest[node] ?? 0)) lowest[node] = to
  }
  const last = () => (depth > 0 ? path[depth - 1] : undefined)
  for (let root = 0; root < size; root += 1) {
    if (met[root] !== 0) continue
    enter(root)
    for (let node = last(); node !== undefined; node = last()) {
      const position = next[node] ?? 0
      if (position === offsets[node + 1]) {
        leave(node)
        continue
      }
      next[node] = position + 1
      const neighbour = neighbours[position] ?? 0
      if (met[neighbour] === 0) enter(neighbour)
      else if (numbers[neighbour] === -1) lower(node, met[neighbour] ?? 0)
    }
  }
  return { numbers, count }
}
