import { isInferred } from './evidence.ts'
import { type Entity, type EntityKind, isDependency, type Relation } from './model.ts'

/** More boxes than this nobody can read. */
export const mostMermaidNodes = 60
/** Beyond this many arrows viewers refuse to draw. */
const mostArrows = 400

/** A flowchart in Mermaid's language, and what there was no room for. */
export interface MermaidDiagram {
  text: string
  /** How many entities were drawn. */
  drawn: number
  /** How many entities were left out. */
  omitted: number
}

/**
 * Writes a flowchart with the dependent on the left. Entities of one namespace, else of one system, stand in a box of
 * their own; relations for which only weaker signs speak are dotted.
 * @param entities the most important first: those that come late are left out
 * @param relations with ends that are not drawn are left out too
 */
export function renderMermaid(
  entities: readonly Entity[],
  relations: readonly Relation[],
  limit = mostMermaidNodes,
): MermaidDiagram {
  const drawn = entities.slice(0, limit)
  const ids = new Map(drawn.map(({ ref }, position) => [ref, `n${position}`]))
  const kinds = [...new Set(drawn.map(({ kind }) => kind))]
  const lines = [
    'flowchart LR',
    ...renderBoxes(drawn, relations, ids),
    ...renderArrows(relations, ids),
    ...kinds.flatMap((kind) => renderClass(kind, drawn, ids)),
  ]
  return { text: lines.join('\n'), drawn: drawn.length, omitted: entities.length - drawn.length }
}

function renderBoxes(
  entities: readonly Entity[],
  relations: readonly Relation[],
  ids: ReadonlyMap<string, string>,
): string[] {
  const systems = new Map(
    relations.flatMap(({ from, to, type }) => (type === 'part_of' ? [[from, nameIn(to)] as const] : [])),
  )
  const boxes = new Map<string, Entity[]>()
  for (const entity of entities) {
    const box = entity.namespace ?? systems.get(entity.ref) ?? ''
    boxes.set(box, [...(boxes.get(box) ?? []), entity])
  }
  return [...boxes].flatMap(([title, members], position) => {
    const nodes = members.map((entity) => `${ids.get(entity.ref)}${renderNode(entity)}`)
    if (title === '') return nodes.map((node) => `  ${node}`)
    return [
      `  subgraph g${position}["${escapeLabel(title)}"]`,
      ...nodes.map((node) => `    ${node}`),
      '  end',
    ]
  })
}

/** Stores are drums, queues lie, and what nobody describes has dents. */
function renderNode({ name, kind }: Entity): string {
  const label = `"${escapeLabel(name)}"`
  if (kind === 'database' || kind === 'cache' || kind === 'storage') return `[(${label})]`
  if (kind === 'queue') return `([${label}])`
  if (kind === 'unresolved' || kind === 'external') return `{{${label}}}`
  return `[${label}]`
}

/** All relations from one entity to another are one arrow. */
function renderArrows(relations: readonly Relation[], ids: ReadonlyMap<string, string>): string[] {
  const arrows = new Map<string, Relation[]>()
  for (const relation of relations) {
    const [from, to] = [ids.get(relation.from), ids.get(relation.to)]
    if (from === undefined || to === undefined) continue
    const ends = `${from} ${to}`
    arrows.set(ends, [...(arrows.get(ends) ?? []), relation])
  }
  return [...arrows].slice(0, mostArrows).map(([ends, bundle]) => {
    const [from, to] = ends.split(' ')
    const types = [...new Set(bundle.map(({ type }) => type))]
    const isDotted = bundle.every((relation) => isInferred(relation) || !isDependency(relation.type))
    return `  ${from} ${isDotted ? '-.->' : '-->'}|${types.join(', ')}| ${to}`
  })
}

/** Strokes alone: fills would fight with whatever theme the reader has. */
const strokes: Partial<Record<EntityKind, string>> = {
  database: 'stroke:#2563eb',
  cache: 'stroke:#0891b2',
  storage: 'stroke:#0d9488',
  queue: 'stroke:#b45309',
  external: 'stroke:#6b7280,stroke-dasharray:4 3',
  unresolved: 'stroke:#dc2626,stroke-dasharray:4 3',
}

function renderClass(
  kind: EntityKind,
  entities: readonly Entity[],
  ids: ReadonlyMap<string, string>,
): string[] {
  const stroke = strokes[kind]
  if (stroke === undefined) return []
  const members = entities.filter((entity) => entity.kind === kind).map(({ ref }) => ids.get(ref))
  return [`  classDef ${kind} ${stroke}`, `  class ${members.join(',')} ${kind}`]
}

const longestLabel = 80

/**
 * Names come from imported files. Mermaid reads entity codes in quoted labels, so whatever could end the label, begin
 * markup or be read as Markdown becomes one.
 */
function escapeLabel(text: string): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ').trim()
  const short = plain.length > longestLabel ? `${plain.slice(0, longestLabel - 1)}…` : plain
  return short.replaceAll(/["#&<>`\\|[\]{}]/g, (character) => `#${character.charCodeAt(0)};`)
}

function nameIn(ref: string): string {
  return ref.replace(/^[^:]*:/, '').replace(/^.*\//, '')
}
