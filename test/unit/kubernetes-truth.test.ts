import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readKubernetes } from '../../src/architecture/importers/kubernetes/importer.ts'
import { filesOf, measure, skipWithoutTrueEdges as skip, tell } from '../support/true-edges.ts'

/** Its truth uses the names of the diagram. */
function shortName(name: string): string {
  return name.replace('opentelemetry-demo-', '').replace(/^valkey$/, 'valkey-cart')
}

test('online-boutique: exactly its 16 edges between deployed services', { skip }, (t) => {
  const measured = measure(
    'online-boutique',
    readKubernetes(filesOf('online-boutique', 'kubernetes-manifests.yaml')).claims,
  )
  tell(t, measured)
  assert.deepEqual([...measured.found].toSorted(), [...measured.expected].toSorted())
  assert.equal(measured.found.size, 16)
  assert.deepEqual(measured.unresolved, ['shoppingassistantservice'])
})

test('sock-shop: addresses stand in its images, so little is found, and nothing wrong', { skip }, (t) => {
  const measured = measure('sock-shop', readKubernetes(filesOf('sock-shop', 'complete-demo.yaml')).claims)
  tell(t, measured)
  assert.equal(measured.precision, 1)
  assert.ok(measured.found.has('user -> user-db'))
})

test(
  'otel-demo: all but the undeployed is found; configured calls that its picture leaves out are more',
  { skip },
  (t) => {
    const measured = measure(
      'otel-demo',
      readKubernetes(filesOf('otel-demo', '1.12.0/opentelemetry-demo.yaml')).claims,
      shortName,
    )
    tell(t, measured)
    assert.ok(measured.recall >= 0.96 && measured.precision >= 0.8)
  },
)
