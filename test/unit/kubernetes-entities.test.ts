import assert from 'node:assert/strict'
import { test } from 'node:test'
import { edgesOf, readDocuments, refsOf, service, workload } from '../support/kubernetes-manifests.ts'

const kinds: [name: string, image: string, expected: string][] = [
  ['a', 'postgres:17', 'database'],
  ['a', 'registry:5000/bitnami/postgresql:16.1@sha256:abc', 'database'],
  ['a', 'mcr.microsoft.com/mssql/server:2022-latest', 'database'],
  ['a', 'mysql', 'database'],
  ['a', 'mariadb:11', 'database'],
  ['a', 'mongo:8', 'database'],
  ['a', 'docker.elastic.co/elasticsearch/elasticsearch:8.1.0', 'database'],
  ['a', 'cassandra:5', 'database'],
  ['a', 'redis:7-alpine', 'cache'],
  ['a', 'valkey/valkey:8', 'cache'],
  ['a', 'memcached', 'cache'],
  ['a', 'rabbitmq:4-management', 'queue'],
  ['a', 'confluentinc/cp-kafka:7.5.0', 'queue'],
  ['a', 'nats:2', 'queue'],
  ['a', 'minio/minio', 'storage'],
  ['a', 'oliver006/redis_exporter:v1', 'service'],
  ['a', 'prometheuscommunity/postgres-exporter', 'service'],
  ['a', 'example/my-redis-proxy:1', 'service'],
  ['a', 'mongo-express', 'service'],
  ['a', 'example/kafka-consumer', 'service'],
  ['a', 'redis-operator', 'service'],
  ['orders-db', 'example/orders-db:1', 'database'],
  ['redis-proxy', 'example/proxy:1', 'service'],
  ['db-migrate', 'example/db-migrate:1', 'service'],
]

for (const [name, image, expected] of kinds) {
  test(`${name} from ${image} is a ${expected}`, () => {
    const port = name === 'redis-proxy' ? 6379 : 5432
    assert.deepEqual(refsOf(readDocuments(workload(name, { image }), service(name, { port }))), [
      `${expected}:default/${name}`,
    ])
  })
}

test('an exporter beside a store changes nothing, a store beside an application makes no store of it', () => {
  const exporter = { name: 'exporter', image: 'kbudde/rabbitmq-exporter' }
  const cache = { name: 'cache', image: 'redis:7' }
  const reading = readDocuments(
    workload('bus', { image: 'rabbitmq:4', extraContainers: [exporter] }),
    workload('shop', { image: 'example/shop', extraContainers: [cache] }),
  )
  assert.deepEqual(refsOf(reading), ['queue:default/bus', 'service:default/shop'])
})

test('Job and CronJob are jobs, and use what they use', () => {
  const env = [{ name: 'API_URL', value: 'http://api' }]
  const reading = readDocuments(
    workload('once', { kind: 'Job', env }),
    workload('nightly', { kind: 'CronJob', env }),
    service('api'),
  )
  assert.deepEqual(edgesOf(reading), [
    'job:default/nightly -calls-> service:default/api',
    'job:default/once -calls-> service:default/api',
  ])
})

test('a Service and the workload behind its selector are one entity; the other name stays as an alias', () => {
  const reading = readDocuments(
    workload('orders', { labels: { tier: 'orders' } }),
    service('orders-svc', { selector: { tier: 'orders' } }),
    workload('web', { env: [{ name: 'ORDERS_URL', value: 'http://orders-svc' }] }),
  )
  assert.deepEqual(edgesOf(reading), ['service:default/web -calls-> service:default/orders'])
  assert.deepEqual(reading.claims.entities[0]?.aliases, ['orders-svc'])
})

test('versions of one application behind one Service are one entity', () => {
  const env = [{ name: 'RATINGS_URL', value: 'http://ratings' }]
  const reading = readDocuments(
    workload('reviews-v1', { labels: { app: 'reviews', version: 'v1' } }),
    workload('reviews-v2', { labels: { app: 'reviews', version: 'v2' }, env }),
    service('reviews'),
    service('ratings'),
    workload('ratings-v1', { labels: { app: 'ratings' } }),
  )
  assert.deepEqual(edgesOf(reading), ['service:default/reviews -calls-> service:default/ratings'])
  assert.deepEqual(refsOf(reading), ['service:default/ratings', 'service:default/reviews'])
})

test('a Service over different applications is a thing of its own and routes to each', () => {
  const reading = readDocuments(
    workload('web', { labels: { app: 'web', part: 'shop' } }),
    workload('api', { labels: { app: 'api', part: 'shop' } }),
    service('everything', { selector: { part: 'shop' } }),
  )
  assert.deepEqual(edgesOf(reading), [
    'service:default/everything -routes_to-> service:default/api',
    'service:default/everything -routes_to-> service:default/web',
  ])
})

test('selectors and bare names end at the namespace; equal names in two namespaces stay apart', () => {
  const reading = readDocuments(
    workload('api', { namespace: 'a' }),
    service('api', { namespace: 'a' }),
    workload('api', { namespace: 'b' }),
    service('api', { namespace: 'b' }),
    workload('web', { namespace: 'b', env: [{ name: 'API_URL', value: 'http://api' }] }),
    workload('far', { namespace: 'c', env: [{ name: 'API_URL', value: 'http://api' }] }),
  )
  assert.deepEqual(edgesOf(reading), [
    'service:b/web -calls-> service:b/api',
    'service:c/far -calls-> unresolved:c/api',
  ])
})

test('an ExternalName is an external entity, found by both its names, or a way to a Service inside', () => {
  const reading = readDocuments(
    service('weather', {
      spec: { type: 'ExternalName', externalName: 'feed.weather.example', selector: undefined },
    }),
    service('short', {
      spec: { type: 'ExternalName', externalName: 'api.b.svc.cluster.local', selector: undefined },
    }),
    service('api', { namespace: 'b' }),
    workload('web', {
      env: [
        { name: 'A_URL', value: 'https://weather/x' },
        { name: 'B_URL', value: 'http://short' },
      ],
    }),
    workload('job', { env: [{ name: 'A_URL', value: 'https://feed.weather.example/x' }] }),
  )
  assert.deepEqual(edgesOf(reading), [
    'service:default/job -calls-> external:default/weather',
    'service:default/web -calls-> external:default/weather',
    'service:default/web -calls-> service:b/api',
  ])
})

test('a description is one short line of text', () => {
  const annotations = { 'kubernetes.io/description': `Takes\norders\u001b[31m ${'x'.repeat(500)}` }
  const reading = readDocuments(JSON.stringify({ kind: 'Service', metadata: { name: 'a', annotations } }))
  const description = reading.claims.entities[0]?.description ?? ''
  assert.match(description, /^Takes orders \[31m x+$/)
  assert.equal(description.length, 240)
})
