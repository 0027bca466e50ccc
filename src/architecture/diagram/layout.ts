import { graphlib, layout } from '@dagrejs/dagre'
import type { Entity, Relation } from '../model.ts'
import type { DiagramSelection } from './selection.ts'

/** Where everything of a diagram stands, in pixels from the upper left corner. */
export interface DiagramLayout {
  width: number
  height: number
  nodes: DiagramNode[]
  edges: DiagramEdge[]
}

/** One entity as a box. */
export interface DiagramNode {
  entity: Entity
  /** Its name as far as it tells it from the others. */
  label: string
  /** Of its middle. */
  x: number
  y: number
  width: number
  height: number
}

/** All relations from one entity to another as one line. */
export interface DiagramEdge {
  relations: Relation[]
  /** From the dependent's edge to the provider's. */
  points: Point[]
}

/** In pixels. */
export interface Point {
  x: number
  y: number
}

/** Of boxes, in pixels; a name of {@link longestName} characters fits. */
const nodeWidth = { least: 104, perCharacter: 8.2, padding: 24, most: 240 }
const nodeHeight = 44
/** Names are cut to so many characters. */
export const longestName = 26
const margin = 16

/**
 * Lays a diagram out from left to right, dependents left of what they use: layered drawing (Sugiyama) by dagre. What
 * has no relation stands in rows below, where it takes no width from the layers.
 */
export function layOut({ entities, relations }: DiagramSelection): DiagramLayout {
  const related = new Set(relations.flatMap(({ from, to }) => [from, to]))
  const boxes = boxesOf(entities)
  const drawing = layOutRelated(
    boxes.filter(({ entity }) => related.has(entity.ref)),
    groupByEnds(relations),
  )
  return addRows(
    drawing,
    boxes.filter(({ entity }) => !related.has(entity.ref)),
  )
}

type Box = Omit<DiagramNode, 'x' | 'y'>

function boxesOf(entities: readonly Entity[]): Box[] {
  const prefix = sharedPrefix(entities.map(({ name }) => name))
  return entities.map((entity) => {
    const label = entity.name.startsWith(prefix) ? entity.name.slice(prefix.length) : entity.name
    return { entity, label, width: widthOf(entity, label), height: nodeHeight }
  })
}

const leastSharing = 0.5

/** A release's name stands before all of its parts, and leaves no room for what tells them apart. */
function sharedPrefix(names: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) {
    for (const { index } of name.matchAll(/-(?=[^-])/g)) {
      const prefix = name.slice(0, index + 1)
      counts.set(prefix, (counts.get(prefix) ?? 0) + 1)
    }
  }
  const shared = [...counts].filter(([, count]) => count >= 4 && count > names.length * leastSharing)
  return shared.toSorted(([a], [b]) => b.length - a.length)[0]?.[0] ?? ''
}

function layOutRelated(boxes: readonly Box[], groups: readonly Relation[][]): DiagramLayout {
  if (boxes.length === 0) return { width: 2 * margin, height: margin, nodes: [], edges: [] }
  const isLarge = boxes.length > 60
  const graph = new graphlib.Graph()
  graph.setGraph({
    rankdir: 'LR',
    nodesep: isLarge ? 10 : 16,
    edgesep: 8,
    ranksep: isLarge ? 90 : 64,
    marginx: margin,
    marginy: margin,
    acyclicer: 'greedy',
  })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { entity, width, height } of boxes) graph.setNode(entity.ref, { width, height })
  for (const [first] of groups) if (first) graph.setEdge(first.from, first.to, {})
  layout(graph, { disableOptimalOrderHeuristic: isLarge })
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number }
  const nodes = new Map(
    boxes.map((box) => {
      const { x, y } = graph.node(box.entity.ref) as Point
      return [box.entity.ref, { ...box, x, y }]
    }),
  )
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    nodes: [...nodes.values()],
    edges: groups.flatMap((group) => {
      const [first] = group
      const [start, end] = [nodes.get(first?.from ?? ''), nodes.get(first?.to ?? '')]
      if (first === undefined || start === undefined || end === undefined) return []
      const { points = [] } = graph.edge(first.from, first.to) as { points?: Point[] }
      return [{ relations: group, points: throughSides(start, end, points) }]
    }),
  }
}

/** Lines that go on to the right leave and arrive in the middle of a side; others where the layout put their ends. */
function throughSides(start: DiagramNode, end: DiagramNode, points: readonly Point[]): Point[] {
  const leave = { x: start.x + start.width / 2, y: start.y }
  const arrive = { x: end.x - end.width / 2, y: end.y }
  if (leave.x >= arrive.x) return points.map(({ x, y }) => ({ x, y }))
  const between = points.slice(1, -1).filter(({ x }) => x > leave.x && x < arrive.x)
  return [leave, ...between.map(({ x, y }) => ({ x, y })), arrive]
}

function groupByEnds(relations: readonly Relation[]): Relation[][] {
  const groups = new Map<string, Relation[]>()
  for (const relation of relations) {
    const key = `${relation.from}\n${relation.to}`
    groups.set(key, [...(groups.get(key) ?? []), relation])
  }
  return [...groups.values()]
}

const rowGap = 12
const leastRowWidth = 720

function addRows(drawing: DiagramLayout, boxes: readonly Box[]): DiagramLayout {
  if (boxes.length === 0) return drawing
  const width = Math.max(drawing.width, leastRowWidth)
  const nodes = [...drawing.nodes]
  let left = margin
  let top = drawing.height + rowGap
  for (const box of boxes) {
    if (left > margin && left + box.width > width - margin) {
      left = margin
      top += nodeHeight + rowGap
    }
    nodes.push({ ...box, x: left + box.width / 2, y: top + nodeHeight / 2 })
    left += box.width + rowGap
  }
  return { ...drawing, width, height: top + nodeHeight + margin, nodes }
}

function widthOf({ kind, attributes }: Entity, label: string): number {
  const characters = Math.min(longestName, Math.max(label.length, captionLength(kind, attributes.technology)))
  return Math.min(
    nodeWidth.most,
    Math.max(nodeWidth.least, characters * nodeWidth.perCharacter + nodeWidth.padding),
  )
}

/** The caption is set smaller than the name. */
function captionLength(kind: string, technology: string | undefined): number {
  return Math.ceil((kind.length + (technology === undefined ? 0 : technology.length + 3)) * 0.85)
}
