import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  configMap,
  edgesOf,
  readDocuments,
  refsOf,
  service,
  workload,
} from '../support/kubernetes-manifests.ts'
import { withoutExplosion } from '../support/processor-time.ts'

/** What a workload `web` in `default` is found to use, with `redis` and `api` there and `redis` and `mail` in `shop`. */
function usesOf(options: { env?: Record<string, string>; args?: string[]; command?: string[] }): string[] {
  const env = Object.entries(options.env ?? {}).map(([name, value]) => ({ name, value }))
  const reading = readDocuments(
    workload('web', { ...options, env }),
    service('web'),
    service('redis', { port: 6379 }),
    workload('redis', { image: 'redis:7' }),
    service('api', { port: 8080 }),
    workload('api'),
    service('redis', { namespace: 'shop', port: 6379 }),
    service('mail', { namespace: 'shop', port: 25 }),
    service('kafka-headless', { port: 9092, selector: { app: 'kafka' } }),
    workload('kafka', { kind: 'StatefulSet', image: 'bitnami/kafka:3' }),
  )
  return reading.claims.relations.filter(({ from }) => from === 'service:default/web').map(({ to }) => to)
}

const redis = ['cache:default/redis']
const api = ['service:default/api']
const both = ['cache:default/redis', 'service:default/api']

const used: [name: string, value: string, expected: string[]][] = [
  ['REDIS_HOST', 'redis', redis],
  ['REDIS_ADDR', 'redis:6379', redis],
  ['CACHE', 'redis:6379', redis],
  ['CACHE_URL', 'redis://:pa/ss#w?rd@redis:6379/0', redis],
  ['CACHE_URL', 'rediss://user:secret@redis.default.svc.cluster.local:6379/0', redis],
  ['PGHOST', 'redis', redis],
  ['spring.redis.host', 'redis', redis],
  ['apiServiceUrl', 'http://api:8080/v1?x=redis', api],
  ['API', 'http://api', api],
  ['API_ENDPOINT', 'api.default', api],
  ['API_ENDPOINT', 'api.default.svc:8080', api],
  ['API_ENDPOINT', 'api.default.svc.cluster.local.', api],
  ['API_TARGET', 'dns:///api:8080', api],
  ['GATEWAY_ROUTE', 'lb://API', api],
  ['SERVICES', 'api,redis', both],
  ['HOSTS', 'api:8080, redis:6379', both],
  ['BACKENDS', '["http://api:8080","redis://redis:6379"]', both],
  ['ConnectionStrings__Basket', 'redis', redis],
  ['API_CONNECTION_STRING', 'api', api],
  ['KAFKA_CFG_ZOOKEEPER_CONNECT', 'redis', redis],
  ['CONNECTION', 'Server=redis;Database=api;User Id=sa;Password=x', redis],
  ['DSN', 'root:pw@tcp(redis:6379)/api', redis],
  ['DSN', 'host=redis port=6379 user=api password=x', redis],
  ['JDBC_URL', 'jdbc:postgresql://redis:6379/api?user=web', redis],
  ['MONGO', 'mongodb://u:p@redis:27017,api:27017/db?replicaSet=r', both],
  ['JAVA_OPTS', '-XX:MaxRAMPercentage=75 -Dapi.url=http://api:8080', api],
  ['JAVA_OPTS', '-Xmx1g -Dspring.redis.host=redis -Dapi.url=http://api:8080', both],
  [
    'BROKERS',
    'kafka-0.kafka-headless:9092,kafka-1.kafka-headless.default.svc.cluster.local:9092',
    ['queue:default/kafka'],
  ],
  ['REDIS_HOST', 'redis.shop', ['cache:shop/redis']],
  ['REDIS_HOST', 'redis.shop.svc.cluster.local', ['cache:shop/redis']],
  ['SMTP_ADDR', 'mail.shop:25', ['service:shop/mail']],
]

for (const [name, value, expected] of used) {
  test(`${name}=${value} uses ${expected.join(' and ')}`, () => {
    assert.deepEqual(usesOf({ env: { [name]: value } }), expected)
  })
}

const nothing: [name: string, value: string][] = [
  ['MODE', 'redis'],
  ['CACHE_TYPE', 'redis'],
  ['SERVICE_NAME', 'api'],
  ['SERVICE_ACCOUNT', 'api'],
  ['DB_PASSWORD', 'api'],
  ['SERVICE_DISCOVERY', 'redis'],
  ['IMAGE', 'redis:7'],
  ['MESSAGE_URL', 'please ask the api or redis'],
  ['LISTEN_ADDR', 'http://api:8080'],
  ['KAFKA_ADVERTISED_LISTENERS', 'PLAINTEXT://api:8080'],
  ['KAFKA_CFG_LISTENERS', 'PLAINTEXT://api:8080'],
  ['CORS_ALLOWED_ORIGINS', 'http://api:8080'],
  ['NO_PROXY', 'api,redis'],
  ['PORT', '8080'],
  ['ADDR', ':8080'],
  ['ADDR', '0.0.0.0:8080'],
  ['API_URL', 'http://localhost:8080'],
  ['API_URL', 'http://127.0.0.1:8080'],
  ['ASPNETCORE_URLS', 'http://*:8080;http://+:80'],
  ['OWN_URL', 'http://web:80'],
  ['DEBUG_HOST', 'true'],
  ['CONFIG_URL', '/etc/api/config.yaml'],
  ['CONFIG_SERVER', 'config.yaml'],
  ['HANDLER_SERVICE', 'com.example.orders.api'],
  ['BUCKET_URL', 's3://redis/api'],
  ['API_URL', '{{ .Values.api }}'],
  ['API_URL', 'http://{{ .Values.api }}:80'],
  ['API_URL', 'http://${API}:80'],
  ['API_HOST', '${api}'],
  ['API_HOST', '$(api)'],
  ['KUBERNETES_SERVICE_HOST', 'kubernetes.default.svc'],
  ['OTEL_RESOURCE_ATTRIBUTES', 'service.name=api,service.namespace=redis'],
  ['TIME_SERVER', '12:30'],
  ['VERSION_URL', '1.2.3'],
  ['PAY_URL', 'https://pay.example.com/v1'],
  ['HELP', 'read https://docs.bank.example/start first'],
  ['JAVA_OPTS', '-XX:MaxRAMPercentage=75'],
  ['RATES', '+a=api,-b:c=redis:6379'],
  ['SESSION_TOKEN', 'https://api-token.example.com'],
]

for (const [name, value] of nothing) {
  test(`${name}=${value} is no evidence`, () => {
    assert.deepEqual(usesOf({ env: { [name]: value } }), [])
  })
}

const unresolved: [name: string, value: string, expected: string][] = [
  ['ASSISTANT_ADDR', 'assistant:80', 'unresolved:default/assistant'],
  ['ASSISTANT_URL', 'http://assistant', 'unresolved:default/assistant'],
  ['LEDGER', 'http://ledger.bank.svc.cluster.local', 'unresolved:bank/ledger'],
  ['LEDGER_ADDR', 'ledger.shop:80', 'unresolved:shop/ledger'],
  ['STRIPE_URL', 'https://key:x@api.stripe.com/v1', 'unresolved:api.stripe.com'],
  ['DB_HOST', 'orders.abc.eu-west-1.rds.amazonaws.com', 'unresolved:orders.abc.eu-west-1.rds.amazonaws.com'],
  ['DB_ADDR', '10.1.2.3:5432', 'unresolved:10.1.2.3'],
]

for (const [name, value, expected] of unresolved) {
  test(`${name}=${value} leads to ${expected}, which nobody describes`, () => {
    assert.deepEqual(usesOf({ env: { [name]: value } }), [expected])
  })
}

test('arguments count: URLs, host and port, values of flags that speak of addresses, host and port as two words', () => {
  assert.deepEqual(usesOf({ args: ['--redis-addr=redis:6379', '--upstream-url', 'http://api'] }), both)
  assert.deepEqual(usesOf({ args: ['--redis-host', 'redis', '--verbose', 'api'] }), redis)
  assert.deepEqual(
    usesOf({ command: ['sh', '-c', 'until nc -z redis 6379; do sleep 1; done; exec api'] }),
    redis,
  )
  assert.deepEqual(usesOf({ command: ['pg_isready', '-h', 'redis'] }), redis)
  assert.deepEqual(usesOf({ args: ['run', 'api', 'redis', '--image', 'redis:7', '--user', 'api:1000'] }), [])
})

test('$(VAR) takes what stands above, $$ escapes, and what stands below stays as it is', () => {
  assert.deepEqual(usesOf({ env: { NAME: 'api', API_URL: 'http://$(NAME):8080' } }), api)
  assert.deepEqual(usesOf({ env: { API_URL: 'http://$(NAME):8080', NAME: 'api' } }), [])
  assert.deepEqual(usesOf({ env: { NAME: 'api', API_URL: 'http://$$(NAME):8080' } }), [])
  assert.deepEqual(usesOf({ env: { NAME: 'redis' }, args: ['--host=$(NAME)'] }), redis)
})

test('variables that double each other are given up, quickly', () => {
  const doubling = Array.from({ length: 60 }, (_, at) => [`V${at + 1}`, `$(V${at})$(V${at})`] as const)
  const env = { V0: 'x', ...Object.fromEntries(doubling), API_URL: 'http://api' }
  assert.deepEqual(
    withoutExplosion(() => usesOf({ env })),
    api,
  )
})

/** What `web` uses beside two ConfigMaps, one of them in another namespace. */
function usesWithConfigMaps(options: Parameters<typeof workload>[1]): string[] {
  return edgesOf(
    readDocuments(
      workload('web', options),
      service('api'),
      service('redis', { port: 6379 }),
      configMap('shared', { API_URL: 'http://api', OTHER: 'x' }),
      configMap('foreign', { API_URL: 'http://redis' }, 'elsewhere'),
    ),
  )
}

function keyReference(name: string, key: string): unknown {
  return [{ name: 'A', valueFrom: { configMapKeyRef: { name, key } } }]
}

test('ConfigMaps count by key and whole, with prefix, in their namespace; env goes over envFrom', () => {
  const toApi = ['service:default/web -calls-> service:default/api']
  assert.deepEqual(usesWithConfigMaps({ env: keyReference('shared', 'API_URL') }), toApi)
  assert.deepEqual(usesWithConfigMaps({ env: keyReference('shared', 'absent') }), [])
  assert.deepEqual(usesWithConfigMaps({ env: keyReference('foreign', 'API_URL') }), [])
  assert.deepEqual(usesWithConfigMaps({ envFrom: [{ configMapRef: { name: 'shared' } }] }), toApi)
  assert.deepEqual(
    usesWithConfigMaps({ envFrom: [{ prefix: 'X_', configMapRef: { name: 'shared' } }] }),
    toApi,
  )
  const over = { envFrom: [{ configMapRef: { name: 'shared' } }], env: [{ name: 'API_URL', value: 'none' }] }
  assert.deepEqual(usesWithConfigMaps(over), [])
  assert.deepEqual(
    usesWithConfigMaps({ envFrom: [{ configMapRef: { name: 'shared' } }], args: ['--to=$(API_URL)'] }),
    toApi,
  )
})

test("the pod's own namespace is known in addresses", () => {
  const env = [
    { name: 'NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    { name: 'API_URL', value: 'http://api.$(NAMESPACE).svc.cluster.local' },
  ]
  const reading = readDocuments(
    workload('web', { namespace: 'shop', env }),
    service('api', { namespace: 'shop' }),
  )
  assert.deepEqual(edgesOf(reading), ['service:shop/web -calls-> service:shop/api'])
})

test('a password from a Secret leaves the address around it readable', () => {
  const env = [
    { name: 'PW', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
    { name: 'DATABASE_URL', value: 'postgres://app:$(PW)@orders-db:5432/orders' },
  ]
  const reading = readDocuments(
    workload('web', { env }),
    service('orders-db', { port: 5432 }),
    workload('orders-db', { image: 'postgres:17' }),
  )
  assert.deepEqual(edgesOf(reading), ['service:default/web -reads_writes-> database:default/orders-db'])
})

test('a ConfigMap that tells a workload its own address too is a list for all, and its use only inferred', () => {
  const addresses = { WEB_ADDR: 'web:80', API_ADDR: 'api:80', MAIL_ADDR: 'mail:25' }
  const basesOf = (options: Parameters<typeof workload>[1]) =>
    readDocuments(
      workload('web', options),
      ...['web', 'api', 'mail'].map((name) => service(name)),
      configMap('addresses', addresses),
      configMap('settings', { MAIL_URL: 'http://mail' }),
    ).claims.relations.map(({ to, evidence }) => [to, ...evidence.map(({ basis }) => basis)])
  const envFrom = [{ configMapRef: { name: 'addresses' } }, { configMapRef: { name: 'settings' } }]
  assert.deepEqual(basesOf({ envFrom }), [
    ['service:default/api', 'inferred'],
    ['service:default/mail', 'inferred', 'declared'],
  ])
  assert.deepEqual(basesOf({ env: keyReference('addresses', 'API_ADDR') }), [
    ['service:default/api', 'declared'],
  ])
})

/** What those use that see a ConfigMap with one file, beside Services `api` on 80 and `redis` on 6379. */
function usesOfFile(text: string, ...readers: string[]): string[] {
  const projected = { projected: { sources: [{ configMap: { name: 'files' } }] } }
  return edgesOf(
    readDocuments(
      ...(readers.length === 0 ? ['proxy'] : readers).map((name) => workload(name, { volumes: [projected] })),
      service('api'),
      service('redis', { port: 6379 }),
      workload('redis', { image: 'redis:7' }),
      configMap('files', { 'some.conf': text }),
    ),
  )
}

test('files of a ConfigMap count for the one that sees them, by URL or host and port, where the Service is known', () => {
  const toApi = ['service:default/proxy -calls-> service:default/api']
  for (const text of [
    'server {\n  location / {\n    proxy_pass http://api;\n  }\n}',
    'upstream pages {\n  server api:80 weight=2;\n}',
    'backend be\n  server one api.default.svc:80 check',
    '{"socket_address": {"address": "api", "port_value": 80}}',
    'cluster:\n  address: api\n  port_value: 80',
    'API_URL=http://api/v1\r\nOTHER=1',
  ])
    assert.deepEqual(usesOfFile(text), toApi, text)
  for (const text of [
    '# proxy_pass http://api;',
    'api: true\nserver_name redis;',
    'see http://handbook.bank.example and http://absent:80',
    'time: api:30',
  ])
    assert.deepEqual(usesOfFile(text), [], text)
  assert.deepEqual(usesOfFile('http://api redis:6379', 'proxy', 'other'), [], 'a list for several')
  assert.deepEqual(usesOfFile('scrape: http://api', 'prometheus'), [], 'what telemetry watches')
})

test('evidence names file, line, field and method, in YAML as people write it', () => {
  const content = `kind: Deployment
metadata: { name: web }
spec:
  template:
    spec:
      containers:
      - name: web
        image: web
        env:
        - name: A
          value: x
        - name: API_URL
          value: http://api:8080
        args: [--cache, redis:6379]
---
kind: Service
metadata: { name: api }
---
kind: Service
metadata: { name: redis }
spec: { ports: [{ port: 6379 }] }
`
  const { claims } = readDocuments(content)
  const places = claims.relations.flatMap(({ evidence }) => evidence)
  assert.deepEqual(places, [
    { method: 'argument', place: { file: 'test.yaml', line: 14, field: 'args' }, basis: 'declared' },
    {
      method: 'environment',
      place: { file: 'test.yaml', line: 12, field: 'env API_URL' },
      basis: 'declared',
    },
  ])
})

test('the verb follows what is used: a queue, a store, or by scheme what nobody describes', () => {
  const env = [
    { name: 'A_URL', value: 'amqp://queue' },
    { name: 'B_URL', value: 'postgresql://db.bank.example/x' },
    { name: 'C_URL', value: 'amqp://bus.bank.example' },
  ]
  const reading = readDocuments(
    workload('web', { env }),
    service('queue'),
    workload('queue', { image: 'rabbitmq:4-management' }),
  )
  assert.deepEqual(edgesOf(reading), [
    'service:default/web -uses_queue-> queue:default/queue',
    'service:default/web -uses_queue-> unresolved:bus.bank.example',
    'service:default/web -reads_writes-> unresolved:db.bank.example',
  ])
  assert.ok(refsOf(reading).includes('unresolved:bus.bank.example'))
})
