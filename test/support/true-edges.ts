import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { TestContext } from 'node:test'
import type { ImportFile } from '../../src/architecture/importers/import-file.ts'
import { isDependency, type Claims } from '../../src/architecture/model.ts'

/** Folder of real systems with known edges; it is not part of the project. */
const data = resolve('../shared/data')

/** For the option of tests that read it: false, or why they are skipped. */
export const skipWithoutTrueEdges = existsSync(data) ? false : `no folder ${data} with real systems to import`

/** What an importer finds of a system's edges. */
export interface Measured {
  found: Set<string>
  expected: Set<string>
  precision: number
  recall: number
  /** Found, and not part of the truth. */
  extra: string[]
  missing: string[]
  unresolved: string[]
}

interface Truth {
  edges: { source: string; target: string }[]
  excludedTargets?: string[]
}

/** Files of one of the systems, by their paths below its folder. */
export function filesOf(folder: string, ...paths: string[]): ImportFile[] {
  return paths.map((path) => ({ path, content: readFileSync(resolve(data, folder, path), 'utf8') }))
}

/** Compares dependencies between described entities, with names changed to those of the truth. */
export function measure(
  folder: string,
  claims: Claims,
  rename: (name: string) => string = (name) => name,
): Measured {
  const truth = JSON.parse(readFileSync(resolve(data, folder, 'edges.json'), 'utf8')) as Truth
  const names = new Map(claims.entities.map(({ ref, name }) => [ref, rename(name)]))
  const described = claims.relations.filter(
    ({ to, type }) => !to.startsWith('unresolved:') && isDependency(type),
  )
  const edges = described.map(({ from, to }) => [names.get(from) ?? from, names.get(to) ?? to] as const)
  const counted = edges.filter(([, to]) => !(truth.excludedTargets ?? []).includes(to))
  const found = new Set(counted.map(([from, to]) => `${from} -> ${to}`))
  const expected = new Set(truth.edges.map(({ source, target }) => `${source} -> ${target}`))
  const extra = [...found].filter((edge) => !expected.has(edge)).toSorted()
  const missing = [...expected].filter((edge) => !found.has(edge)).toSorted()
  return {
    found,
    expected,
    precision: (found.size - extra.length) / found.size,
    recall: (expected.size - missing.length) / expected.size,
    extra,
    missing,
    unresolved: claims.entities.filter(({ kind }) => kind === 'unresolved').map(({ name }) => name),
  }
}

/** Prints precision and recall, and what makes them less than 1. */
export function tell(t: TestContext, { precision, recall, found, expected, extra, missing }: Measured): void {
  t.diagnostic(
    `precision ${precision.toFixed(2)}, recall ${recall.toFixed(2)} (${found.size} found, ${expected.size} true)`,
  )
  if (extra.length > 0) t.diagnostic(`not in the truth: ${extra.join(', ')}`)
  if (missing.length > 0) t.diagnostic(`not found: ${missing.join(', ')}`)
}
