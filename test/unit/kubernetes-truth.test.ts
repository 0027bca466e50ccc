import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import type { ImportFile } from '../../src/architecture/importers/import-file.ts'
import { importers } from '../../src/architecture/importers/importers.ts'
import { isDependency } from '../../src/architecture/model.ts'
import { createMemoryBlobs } from '../support/memory-blobs.ts'

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
  telemetry: string[]
}

/** Files of a system, or all files of one of its folders. */
function filesOf(folder: string, ...paths: string[]): ImportFile[] {
  return paths.flatMap((path) => {
    const isFolder = !/\.\w+$/.test(path)
    const names = isFolder
      ? readdirSync(resolve(data, folder, path)).map((name) => `${path}/${name}`)
      : [path]
    return names
      .filter((name) => /\.(ya?ml|json)$/.test(name))
      .map((name) => ({ path: name, content: readFileSync(resolve(data, folder, name), 'utf8') }))
  })
}

/**
 * Imports each list of files as a source of its own and compares dependencies between described entities, with names
 * changed to those of the truth.
 */
async function measure(
  folder: string,
  sources: readonly (readonly ImportFile[])[],
  rename: (name: string) => string = (name) => name,
): Promise<Measured> {
  const truth = JSON.parse(readFileSync(resolve(data, folder, 'edges.json'), 'utf8')) as Truth
  const architecture = createArchitecture({ blobs: createMemoryBlobs(), now: () => 1000 })
  for (const [at, files] of sources.entries())
    await architecture.importFiles('org', files, { source: `source-${at}` })
  const { graph } = await architecture.load('org')
  const names = new Map(graph.entities.map(({ ref, name }) => [ref, rename(name)]))
  const described = graph.relations.filter(
    ({ to, type }) => isDependency(type) && !to.startsWith('unresolved:'),
  )
  const edges = described.map(({ from, to }) => [names.get(from) ?? from, names.get(to) ?? to] as const)
  const counted = edges.filter(([, to]) => !(truth.excludedTargets ?? []).includes(to))
  const found = new Set(counted.map(([from, to]) => `${from} -> ${to}`))
  const expected = new Set(truth.edges.map(({ source, target }) => `${source} -> ${target}`))
  const right = [...found].filter((edge) => expected.has(edge)).length
  const unresolved = graph.entities.filter(({ kind }) => kind === 'unresolved').map(({ name }) => name)
  const telemetry = graph.entities.filter(({ tags }) => tags?.includes('telemetry'))
  return {
    found,
    expected,
    precision: right / found.size,
    recall: right / expected.size,
    unresolved,
    telemetry: telemetry.map(({ name }) => rename(name)),
  }
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

const boutique = 'kubernetes-manifests.yaml'

test('online-boutique: exactly its 16 edges between deployed services', { skip }, async (t) => {
  const measured = await measure('online-boutique', [filesOf('online-boutique', boutique)])
  tell(t, measured)
  assert.deepEqual([...measured.found].toSorted(), [...measured.expected].toSorted())
  assert.equal(measured.found.size, 16)
  assert.deepEqual(measured.unresolved, ['shoppingassistantservice'])
})

test(
  'online-boutique: network policies alone give all edges but the one they leave open',
  { skip },
  async (t) => {
    const measured = await measure('online-boutique', [filesOf('online-boutique', 'network-policies')])
    tell(t, measured)
    assert.equal(measured.precision, 1)
    const missing = [...measured.expected].filter((edge) => !measured.found.has(edge))
    assert.deepEqual(missing, ['loadgenerator -> frontend'])
  },
)

test(
  'online-boutique: policies beside manifests, in one import or two in either order, change no edge',
  { skip },
  async (t) => {
    const [manifests, policies] = [
      filesOf('online-boutique', boutique),
      filesOf('online-boutique', 'network-policies'),
    ]
    for (const sources of [[[...manifests, ...policies]], [manifests, policies], [policies, manifests]]) {
      const measured = await measure('online-boutique', sources)
      tell(t, measured)
      assert.deepEqual([...measured.found].toSorted(), [...measured.expected].toSorted())
    }
  },
)

const readsTraces = importers.some(({ type }) => type === 'traces')

test(
  'online-boutique: traces beside manifests and policies change no edge',
  { skip: skip || (readsTraces ? false : 'no importer of traces yet') },
  async (t) => {
    const manifests = filesOf('online-boutique', boutique)
    const policies = filesOf('online-boutique', 'network-policies')
    const traces = filesOf('nezha-traces', 'online-boutique.otlp.json')
    for (const sources of [[[...manifests, ...policies, ...traces]], [traces, policies, manifests]]) {
      const measured = await measure('online-boutique', sources)
      tell(t, measured)
      assert.deepEqual([...measured.found].toSorted(), [...measured.expected].toSorted())
    }
    const withoutManifests = await measure('online-boutique', [traces, policies])
    tell(t, withoutManifests)
    assert.equal(withoutManifests.precision, 1)
    assert.ok(withoutManifests.recall >= 15 / 16)
  },
)

test(
  'sock-shop: addresses stand in its images, so little is found, and nothing wrong',
  { skip },
  async (t) => {
    const measured = await measure('sock-shop', [filesOf('sock-shop', 'complete-demo.yaml')])
    tell(t, measured)
    assert.equal(measured.precision, 1)
    assert.ok(measured.found.has('user -> user-db'))
  },
)

test(
  'sock-shop: its policies tell the rest, though some select `cart` where pods are called `carts`',
  { skip },
  async (t) => {
    const manifests = filesOf('sock-shop', 'complete-demo.yaml')
    const policies = filesOf('sock-shop', 'manifests-policy')
    for (const sources of [[[...manifests, ...policies]], [manifests, policies], [policies, manifests]]) {
      const measured = await measure('sock-shop', sources)
      tell(t, measured)
      assert.equal(measured.precision, 1)
      const missing = [...measured.expected].filter((edge) => !measured.found.has(edge))
      assert.deepEqual(missing, ['front-end -> session-db'])
    }
  },
)

test(
  'otel-demo: all but the undeployed is found; configured calls that its picture leaves out are more',
  { skip },
  async (t) => {
    const files = filesOf('otel-demo', '1.12.0/opentelemetry-demo.yaml')
    const measured = await measure('otel-demo', [files], shortName)
    tell(t, measured)
    assert.ok(measured.recall >= 0.96 && measured.precision >= 0.81)
    t.diagnostic(`telemetry: ${measured.telemetry.join(', ')}`)
    for (const name of ['otelcol', 'jaeger', 'grafana', 'prometheus-server', 'otel-demo-opensearch'])
      assert.ok(measured.telemetry.includes(name), name)
  },
)
