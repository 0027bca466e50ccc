import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test, type TestContext } from 'node:test'
import { readKubernetes } from '../../src/architecture/importers/kubernetes/importer.ts'

/** Real systems with known edges. */
const data = resolve('../shared/data')
const skip = existsSync(data) ? false : `no folder ${data} with real systems to import`

interface Truth {
  edges: { source: string; target: string }[]
  excludedTargets?: string[]
}

interface Measured {
  found: Set<string>
  expected: Set<string>
  precision: number
  recall: number
  unresolved: string[]
}

/** Compares relations between described entities, with names changed to those of the truth. */
function measure(folder: string, file: string, rename: (name: string) => string = (name) => name): Measured {
  const truth = JSON.parse(readFileSync(resolve(data, folder, 'edges.json'), 'utf8')) as Truth
  const { claims } = readKubernetes([
    { path: file, content: readFileSync(resolve(data, folder, file), 'utf8') },
  ])
  const names = new Map(claims.entities.map(({ ref, name }) => [ref, rename(name)]))
  const described = claims.relations.filter(({ to }) => !to.startsWith('unresolved:'))
  const edges = described.map(({ from, to }) => [names.get(from) ?? from, names.get(to) ?? to] as const)
  const counted = edges.filter(([, to]) => !(truth.excludedTargets ?? []).includes(to))
  const found = new Set(counted.map(([from, to]) => `${from} -> ${to}`))
  const expected = new Set(truth.edges.map(({ source, target }) => `${source} -> ${target}`))
  const right = [...found].filter((edge) => expected.has(edge)).length
  const unresolved = claims.entities.filter(({ kind }) => kind === 'unresolved').map(({ name }) => name)
  return { found, expected, precision: right / found.size, recall: right / expected.size, unresolved }
}

/** Its truth uses the names of the diagram. */
function shortName(name: string): string {
  return name.replace('opentelemetry-demo-', '').replace(/^valkey$/, 'valkey-cart')
}

function tell(t: TestContext, { precision, recall, found, expected }: Measured): void {
  t.diagnostic(
    `precision ${precision.toFixed(2)}, recall ${recall.toFixed(2)} (${found.size} found, ${expected.size} true)`,
  )
}

test('online-boutique: exactly its 16 edges between deployed services', { skip }, (t) => {
  const measured = measure('online-boutique', 'kubernetes-manifests.yaml')
  tell(t, measured)
  assert.deepEqual([...measured.found].toSorted(), [...measured.expected].toSorted())
  assert.equal(measured.found.size, 16)
  assert.deepEqual(measured.unresolved, ['shoppingassistantservice'])
})

test('sock-shop: addresses stand in its images, so little is found, and nothing wrong', { skip }, (t) => {
  const measured = measure('sock-shop', 'complete-demo.yaml')
  tell(t, measured)
  assert.equal(measured.precision, 1)
  assert.ok(measured.found.has('user -> user-db'))
})

test(
  'otel-demo: all but the undeployed is found; configured calls that its picture leaves out are more',
  { skip },
  (t) => {
    const measured = measure('otel-demo', '1.12.0/opentelemetry-demo.yaml', shortName)
    tell(t, measured)
    assert.ok(measured.recall >= 0.96 && measured.precision >= 0.8)
  },
)
