import { isAsynchronous, isQueue, isStore } from '../kind-groups.ts'
import { isInferred } from '../evidence.ts'
import type { Entity, EntityKind } from '../model.ts'
import { longestName, type DiagramEdge, type DiagramLayout, type DiagramNode, type Point } from './layout.ts'

/** How to draw. */
export interface SvgOptions {
  /** Where an entity's box leads; absent: nowhere. */
  hrefOf?: (entity: Entity) => string
  /** Reference of the entity to set off. */
  focus?: string | undefined
  /** What the drawing shows, for those who do not see it. */
  title: string
  /** Style sheet to take along, for a file that stands alone. */
  style?: string
}

/**
 * Draws a laid-out diagram as SVG. Looks come from classes: `node`, its kind, `focus`; `edge`, `inferred`, `async`.
 * All text of the graph is escaped.
 */
export function drawSvg(drawing: DiagramLayout, options: SvgOptions): string {
  const { width, height, nodes, edges } = drawing
  const { title, style } = options
  // Lines first, so that boxes cover their ends.
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="diagram" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="group" aria-label="${escapeText(title)}">`,
    ...(style === undefined ? [] : [`<style>${style}</style>`]),
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="arrow" d="M0 0.8 7.2 4 0 7.2z"/></marker></defs>',
    ...edges.map(drawEdge),
    ...nodes.toSorted(inReadingOrder).map((node) => drawNode(node, options)),
    '</svg>',
  ].join('\n')
}

/** The keyboard goes through the links in the order of the text. */
function inReadingOrder(a: DiagramNode, b: DiagramNode): number {
  return a.y - b.y || a.x - b.x
}

function drawEdge({ relations, points }: DiagramEdge): string {
  const [first] = relations
  if (first === undefined) return ''
  const classes = [
    'edge',
    ...(relations.every(isInferred) ? ['inferred'] : []),
    ...(relations.every(({ type }) => isAsynchronous(type)) ? ['async'] : []),
  ]
  const verbs = relations.map(({ type }) => type.replaceAll('_', ' ')).join(', ')
  const told = `${nameIn(first.from)} ${verbs} ${nameIn(first.to)}`
  return `<path class="${classes.join(' ')}" d="${curve(points)}" marker-end="url(#arrow)"><title>${escapeText(told)}</title></path>`
}

function nameIn(ref: string): string {
  return ref.slice(ref.indexOf(':') + 1)
}

/** Bends between points, level where it leaves, passes and arrives, as layers lie side by side. */
function curve(points: readonly Point[]): string {
  return points
    .map((point, position) => {
      const last = points[position - 1]
      if (last === undefined) return `M${at(point)}`
      const middle = round((last.x + point.x) / 2)
      return `C${middle} ${round(last.y)} ${middle} ${round(point.y)} ${at(point)}`
    })
    .join('')
}

function at({ x, y }: Point): string {
  return `${round(x)} ${round(y)}`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function drawNode(
  { entity, label, x, y, width, height }: DiagramNode,
  { hrefOf, focus }: SvgOptions,
): string {
  const classes = ['node', entity.kind, ...(entity.ref === focus ? ['focus'] : [])].join(' ')
  const { technology, replicas } = entity.attributes
  const caption = [entity.kind, ...(technology === undefined ? [] : [technology])].join(' · ')
  const about = [entity.ref, entity.description, replicas === undefined ? undefined : `${replicas} replicas`]
  const body = [
    `<title>${escapeText(about.filter((part) => part !== undefined).join('\n'))}</title>`,
    outline(entity.kind, { width, height }),
    `<text class="name" y="-3">${escapeText(cut(label))}</text>`,
    `<text class="caption" y="12">${escapeText(cut(caption))}</text>`,
  ].join('')
  const place = `transform="translate(${round(x)} ${round(y)})"`
  return hrefOf === undefined
    ? `<g class="${classes}" ${place}>${body}</g>`
    : `<a class="${classes}" ${place} href="${escapeText(hrefOf(entity))}">${body}</a>`
}

/** Stores are drums, queues have round ends, all else is a box; the middle is the origin. */
function outline(kind: EntityKind, { width, height }: { width: number; height: number }): string {
  const [right, bottom] = [round(width / 2), height / 2]
  if (isStore(kind)) {
    const lid = 6
    const side = bottom - lid
    return (
      `<path class="outline" d="M${-right} ${-side}A${right} ${lid} 0 0 1 ${right} ${-side}V${side}A${right} ${lid} 0 0 1 ${-right} ${side}z"/>` +
      `<path class="lid" d="M${-right} ${-side}A${right} ${lid} 0 0 0 ${right} ${-side}"/>`
    )
  }
  const corner = isQueue(kind) ? bottom : 7
  return `<rect class="outline" x="${-right}" y="${-bottom}" width="${2 * right}" height="${height}" rx="${corner}"/>`
}

function cut(text: string): string {
  const characters = Array.from(text)
  return characters.length > longestName ? `${characters.slice(0, longestName - 1).join('')}…` : text
}

function escapeText(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // XML has no place for them, not even escaped.
      .replaceAll(/[\p{Cc}\ufffe\uffff]/gu, ' ')
  )
}
