import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCompose } from '../../src/architecture/importers/compose/importer.ts'
import { filesOf, measure, skipWithoutTrueEdges as skip, tell } from '../support/true-edges.ts'

test(
  'otel-demo: every edge of its picture; configured calls that the picture leaves out are more',
  { skip },
  (t) => {
    const { claims, warnings } = readCompose(filesOf('otel-demo', '1.12.0/docker-compose.yml', '1.12.0/.env'))
    const measured = measure('otel-demo', claims)
    tell(t, measured)
    assert.equal(measured.recall, 1)
    assert.ok(measured.precision >= 0.82)
    assert.deepEqual(measured.unresolved, [])
    assert.deepEqual(warnings, [])
    const telemetry = claims.entities.filter(({ tags }) => tags?.includes('telemetry'))
    assert.deepEqual(
      telemetry.map(({ name }) => name),
      ['opensearch', 'grafana', 'jaeger', 'otelcol', 'prometheus'],
    )
  },
)

test(
  'otel-demo at its head: four files and an .env make one system; the undeployed is named',
  { skip },
  (t) => {
    const names = [
      'compose.yaml',
      'compose.full.yaml',
      'compose.observability.yaml',
      'compose.extras.yaml',
      '.env',
    ]
    const { claims, warnings } = readCompose(
      filesOf('otel-demo', ...names.map((name) => `head/${name}`)).toReversed(),
    )
    t.diagnostic(`${claims.entities.length} entities, ${claims.relations.length} relations`)
    assert.deepEqual(warnings, [])
    const kinds = ['cache', 'database', 'queue', 'unresolved']
    assert.deepEqual(
      claims.entities.filter(({ kind }) => kinds.includes(kind)).map(({ ref }) => ref),
      [
        'cache:valkey-cart',
        'database:astronomy-db',
        'database:opensearch',
        'queue:kafka',
        'unresolved:chatbot',
        'unresolved:firepit',
      ],
    )
    const ofCheckout = claims.relations.filter(({ from }) => from === 'service:checkout').map(({ to }) => to)
    assert.deepEqual(ofCheckout, [
      'queue:kafka',
      'service:cart',
      'service:currency',
      'service:email',
      'service:flagd',
      'service:otel-collector',
      'service:payment',
      'service:product-catalog',
      'service:shipping',
    ])
  },
)

test('sock-shop: addresses stand in its images, so little is found, and nothing wrong', { skip }, (t) => {
  const { claims } = readCompose(filesOf('sock-shop', 'docker-compose.yml'))
  const measured = measure('sock-shop', claims)
  tell(t, measured)
  // The load test is no part of the published architecture, but does call the router.
  assert.deepEqual([...measured.found], ['user -> user-db', 'user-sim -> edge-router'])
  assert.deepEqual(
    claims.entities.filter(({ kind }) => kind !== 'service').map(({ ref }) => ref),
    [
      'database:carts-db',
      'database:catalogue-db',
      'database:orders-db',
      'database:user-db',
      'queue:rabbitmq',
    ],
  )
})
