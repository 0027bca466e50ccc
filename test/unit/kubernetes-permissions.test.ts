import assert from 'node:assert/strict'
import { test } from 'node:test'
import { graphOf } from '../../src/architecture/joined-graph.ts'
import type { Reading } from '../../src/architecture/importers/importer.ts'
import { replaceSection, type Section } from '../../src/architecture/sections.ts'
import { edgesOf, readDocuments, refsOf, service, workload } from '../support/kubernetes-manifests.ts'

interface PolicyOptions {
  namespace?: string
  select?: unknown
  ingress?: unknown
  egress?: unknown
}

/** A NetworkPolicy on pods labelled `app: NAME`. */
function policy(name: string, { namespace, select = pods(name), ingress, egress }: PolicyOptions): string {
  const spec = { podSelector: select, ingress, egress }
  return JSON.stringify({ kind: 'NetworkPolicy', metadata: { name, namespace }, spec })
}

function pods(app: string): unknown {
  return { matchLabels: { app } }
}

function from(app: string, port?: number): unknown[] {
  return [{ from: [{ podSelector: pods(app) }], ...(port === undefined ? {} : { ports: [{ port }] }) }]
}

/** One graph of several readings, each a source of its own. */
function graphFrom(...readings: Reading[]) {
  const sections = readings.map(({ claims }, at): Section => {
    const source = {
      id: `source-${at}`,
      kind: 'kubernetes' as const,
      scope: 'kubernetes',
      checkedAt: 1,
      files: 1,
    }
    return replaceSection(undefined, { source, runId: 'run', claims }).section
  })
  return graphOf({ format: 2, revision: 1, sections, decisions: [], history: [], failures: [] })
}

test('whom a policy lets in uses what the policy protects, by the verb of its kind, as a weaker sign', () => {
  const reading = readDocuments(
    workload('web'),
    workload('api'),
    workload('db', { image: 'postgres:17' }),
    policy('api', { ingress: from('web') }),
    policy('db', { ingress: from('api', 5432) }),
  )
  assert.deepEqual(edgesOf(reading), [
    'service:default/api -reads_writes-> database:default/db',
    'service:default/web -calls-> service:default/api',
  ])
  const [evidence] = reading.claims.relations[1]?.evidence ?? []
  assert.deepEqual(evidence, {
    method: 'network_policy',
    basis: 'inferred',
    place: { file: 'test.yaml', line: 7, field: 'ingress from app=web in NetworkPolicy api' },
  })
})

test('egress leads the other way; name lookups are no use of anything', () => {
  const dns = { to: [{ podSelector: pods('kube-dns') }], ports: [{ port: 53, protocol: 'UDP' }] }
  const egress = [{ to: [{ podSelector: pods('api') }], ports: [{ port: 80 }] }, dns]
  const reading = readDocuments(policy('web', { egress }))
  assert.deepEqual(edgesOf(reading), ['service:web -calls-> service:api'])
})

test('what selects all, nobody, many or addresses says nothing', () => {
  const anyone = [{}, { from: [] }, { from: [{ podSelector: {} }] }, { from: [{ namespaceSelector: {} }] }]
  const block = { from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }
  const tier = { from: [{ podSelector: { matchLabels: { tier: 'front' } } }] }
  const exists = { from: [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } }] }
  const reading = readDocuments(
    workload('api'),
    workload('web', { labels: { app: 'web', tier: 'front' } }),
    workload('shop', { labels: { app: 'shop', tier: 'front' } }),
    policy('api', { ingress: [...anyone, block, tier, exists] }),
    policy('deny-all', { select: {}, ingress: from('web') }),
    policy('odd', { ingress: [null, 7, { from: [null, 'x', { podSelector: { matchLabels: 3 } }] }] }),
  )
  assert.deepEqual(edgesOf(reading), [])
})

test('an In list names each of its values', () => {
  const expression = { key: 'app', operator: 'In', values: ['web', 'shop'] }
  const ingress = [{ from: [{ podSelector: { matchExpressions: [expression] } }] }]
  assert.deepEqual(edgesOf(readDocuments(policy('api', { ingress }))), [
    'service:shop -calls-> service:api',
    'service:web -calls-> service:api',
  ])
})

test('pods of other namespaces are found by the name of the namespace or by its labels', () => {
  const byName = { 'kubernetes.io/metadata.name': 'shop' }
  const peer = (matchLabels: unknown, app: string) => ({
    namespaceSelector: { matchLabels },
    podSelector: pods(app),
  })
  const ingress = [{ from: [peer(byName, 'web'), peer({ team: 'mail' }, 'mailer')] }]
  const reading = readDocuments(
    JSON.stringify({ kind: 'Namespace', metadata: { name: 'mail', labels: { team: 'mail' } } }),
    workload('web', { namespace: 'shop' }),
    workload('web', { namespace: 'other' }),
    workload('mailer', { namespace: 'mail' }),
    workload('mailer', { namespace: 'other' }),
    workload('api', { namespace: 'core' }),
    policy('api', { namespace: 'core', ingress }),
  )
  assert.deepEqual(edgesOf(reading), [
    'service:mail/mailer -calls-> service:core/api',
    'service:shop/web -calls-> service:core/api',
  ])
})

function part(component: string): unknown {
  return { matchLabels: { app: 'shop', component } }
}

test('policies alone tell a graph: kinds by name and port, parts of one application by what tells them apart', () => {
  const reading = readDocuments(
    policy('cart', { ingress: from('web') }),
    policy('redis-cart', { ingress: from('cart', 6379) }),
    policy('x', { select: part('orders'), ingress: [{ from: [{ podSelector: part('checkout') }] }] }),
  )
  assert.deepEqual(edgesOf(reading), [
    'service:cart -reads_writes-> cache:redis-cart',
    'service:checkout -calls-> service:orders',
    'service:web -calls-> service:cart',
  ])
})

test('a selector that no workload answers is said, and counts only where another source knows the name', () => {
  const reading = readDocuments(workload('api'), policy('api', { ingress: from('gone') }))
  assert.match(
    reading.warnings.join('\n'),
    /^test\.yaml:3: NetworkPolicy api selects app=gone, which no workload of this import bears$/,
  )
  assert.deepEqual(graphFrom(reading).relations, [])
  const known = readDocuments(workload('gone'))
  assert.deepEqual(
    graphFrom(reading, known).relations.map(({ from: user }) => user),
    ['service:default/gone'],
  )
})

test('a label that differs from the pods by a plural is taken for them, and only where nothing else is meant', () => {
  const cart = policy('cart', { ingress: from('web') })
  const together = readDocuments(workload('carts'), workload('web'), cart)
  assert.deepEqual(edgesOf(together), ['service:default/web -calls-> service:default/carts'])
  assert.match(together.warnings.join('\n'), /selects app=cart, .*; taken for carts$/)
  const manifests = readDocuments(workload('carts'), workload('web'))
  for (const readings of [
    [manifests, readDocuments(cart)],
    [readDocuments(cart), manifests],
  ]) {
    const { entities } = graphFrom(...readings)
    assert.deepEqual(
      entities.map(({ ref }) => ref),
      ['service:default/carts', 'service:default/web'],
    )
    assert.equal(entities[0]?.joined?.[0]?.because, 'plural')
  }
  const both = readDocuments(cart, policy('carts', { ingress: from('web') }))
  assert.deepEqual(
    graphFrom(manifests, both).entities.map(({ ref }) => ref),
    ['service:cart', 'service:default/carts', 'service:default/web'],
  )
})

function path(name: string): unknown {
  return { path: '/cart', backend: { service: { name, port: { number: 80 } } } }
}

test('an Ingress is a gateway to the Services behind it, in either form, and does not take their name', () => {
  const spec = {
    ingressClassName: 'nginx',
    defaultBackend: { service: { name: 'web' } },
    rules: [{ host: 'shop.example.com', http: { paths: [path('cart')] } }],
  }
  const old = { rules: [{ http: { paths: [{ backend: { serviceName: 'web', servicePort: 80 } }] } }] }
  const reading = readDocuments(
    service('web'),
    service('cart'),
    JSON.stringify({ kind: 'Ingress', metadata: { name: 'web' }, spec }),
    JSON.stringify({ kind: 'Ingress', metadata: { name: 'old' }, spec: old }),
    workload('app', { env: [{ name: 'SHOP_URL', value: 'https://shop.example.com' }] }),
  )
  assert.deepEqual(edgesOf(reading), [
    'gateway:default/old -routes_to-> service:default/web',
    'gateway:default/web-ingress -routes_to-> service:default/cart',
    'gateway:default/web-ingress -routes_to-> service:default/web',
    'service:default/app -calls-> gateway:default/web-ingress',
  ])
  const place = reading.claims.relations[1]?.evidence[0]?.place
  assert.deepEqual(place, {
    file: 'test.yaml',
    line: 5,
    field: 'host shop.example.com path /cart of Ingress',
  })
})

test('routes attach to their Gateway, also in another namespace; a VirtualService to one of Istio', () => {
  const http = {
    parentRefs: [{ name: 'edge', namespace: 'infra' }],
    hostnames: ['shop.example.com'],
    rules: [{ matches: [{ path: { value: '/a' } }], backendRefs: [{ name: 'web', port: 80 }] }],
  }
  const grpc = {
    parentRefs: [{ kind: 'Service', name: 'web' }],
    rules: [{ backendRefs: [{ name: 'web' }, { name: 'web-v2' }, { kind: 'Bucket', name: 'x' }] }],
  }
  const virtual = {
    hosts: ['*'],
    gateways: ['mesh', 'front'],
    http: [{ route: [{ destination: { host: 'web.default.svc.cluster.local' } }] }],
  }
  const reading = readDocuments(
    service('web'),
    service('web-v2'),
    JSON.stringify({ kind: 'Gateway', metadata: { name: 'edge', namespace: 'infra' }, spec: {} }),
    JSON.stringify({ kind: 'HTTPRoute', metadata: { name: 'shop' }, spec: http }),
    JSON.stringify({ kind: 'GRPCRoute', metadata: { name: 'canary' }, spec: grpc }),
    JSON.stringify({ kind: 'VirtualService', metadata: { name: 'shop' }, spec: virtual }),
  )
  assert.deepEqual(edgesOf(reading), [
    'gateway:default/front -routes_to-> service:default/web',
    'gateway:infra/edge -routes_to-> service:default/web',
    'service:default/web -routes_to-> service:default/web-v2',
  ])
})

test('labels and annotations tell system, team, other names, links; none of it may be markup', () => {
  const labels = {
    app: 'orders-app',
    'app.kubernetes.io/instance': 'shop',
    'app.kubernetes.io/part-of': 'web-shop',
    'example.com/team': 'checkout',
    tier: 'critical',
    'backstage.io/kubernetes-id': 'order-service',
  }
  const annotations = {
    'a8r.io/description': 'Takes orders',
    'a8r.io/runbook': 'https://wiki.example.com/orders',
    'a8r.io/chat': 'javascript:alert(1)',
    'app.kubernetes.io/version': '<b>',
  }
  const deployment = JSON.parse(workload('shop-orders', { labels })) as { metadata: object; spec: object }
  const document = JSON.stringify({
    ...deployment,
    metadata: { ...deployment.metadata, annotations },
    spec: { ...deployment.spec, replicas: 0 },
  })
  const reading = readDocuments(document)
  assert.deepEqual(refsOf(reading), ['service:default/shop-orders', 'system:web-shop', 'team:checkout'])
  assert.deepEqual(edgesOf(reading), [
    'service:default/shop-orders -part_of-> system:web-shop',
    'service:default/shop-orders -owned_by-> team:checkout',
  ])
  const [entity] = reading.claims.entities
  assert.deepEqual(entity?.aliases, ['order-service', 'orders', 'orders-app'])
  assert.deepEqual(entity?.tags, ['switched-off'])
  assert.equal(entity?.description, 'Takes orders')
  assert.equal(entity?.attributes.tier, 'critical')
  assert.deepEqual(entity?.attributes.links, [{ title: 'runbook', url: 'https://wiki.example.com/orders' }])
  assert.equal(entity?.attributes.labels?.['app.kubernetes.io/version'], undefined)
})

function shopLabels(component: string): Record<string, string> {
  return { app: 'shop', 'app.kubernetes.io/instance': 'a', component }
}

test('a name that two things could have by their labels is given to neither', () => {
  const reading = readDocuments(
    workload('a-api', { labels: shopLabels('api') }),
    workload('a-web', { labels: shopLabels('web') }),
    workload('api'),
  )
  assert.deepEqual(
    reading.claims.entities.map(({ name, aliases }) => [name, aliases]),
    [
      ['a-api', []],
      ['a-web', ['web']],
      ['api', []],
    ],
  )
})

function url(value: string): unknown {
  return [{ name: 'STORE_URL', value }]
}

test('a store is telemetry where nothing but telemetry uses it', () => {
  const reading = readDocuments(
    workload('jaeger', { image: 'jaegertracing/all-in-one:1', env: url('http://traces-db:9200') }),
    workload('traces-db', { image: 'elasticsearch:8' }),
    service('traces-db', { port: 9200 }),
    workload('grafana', { image: 'grafana/grafana:11', env: url('http://orders-db:5432') }),
    workload('orders', { env: url('postgres://orders-db:5432/x') }),
    workload('orders-db', { image: 'postgres:17' }),
    service('orders-db', { port: 5432 }),
  )
  const tagged = reading.claims.entities.filter(({ tags }) => tags?.includes('telemetry'))
  assert.deepEqual(
    tagged.map(({ name }) => name),
    ['traces-db', 'grafana', 'jaeger'],
  )
})

test('of a rendered chart that states its namespace only here and there, the parts still find each other', () => {
  const env = [{ name: 'DB_URL', value: 'postgres://orders-db/x' }]
  const reading = readDocuments(
    workload('orders', { env }),
    workload('orders-db', { namespace: 'prod', image: 'postgres:17' }),
    service('orders-db', { namespace: 'prod', port: 5432 }),
  )
  assert.deepEqual(edgesOf(reading), ['service:default/orders -reads_writes-> database:prod/orders-db'])
})

function owned(kind: string, owner: string): string {
  return JSON.stringify({
    ...(JSON.parse(workload('web-5d9', { kind, labels: { app: 'web' } })) as object),
    metadata: { name: 'web-5d9', ownerReferences: [{ kind: owner, name: 'web' }] },
  })
}

test('what a cluster made for another object is not there twice', () => {
  const reading = readDocuments(
    workload('web'),
    owned('ReplicaSet', 'Deployment'),
    owned('Pod', 'ReplicaSet'),
  )
  assert.deepEqual(refsOf(reading), ['service:default/web'])
  assert.deepEqual(reading.ignored, { ReplicaSet: 1, Pod: 1 })
})
