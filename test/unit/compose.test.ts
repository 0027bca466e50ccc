import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { composeImporter, readCompose } from '../../src/architecture/importers/compose/importer.ts'
import { interpolate } from '../../src/architecture/importers/compose/interpolation.ts'
import { parseDotenv } from '../../src/architecture/importers/compose/dotenv.ts'
import { readFiles } from '../../src/architecture/importers/importers.ts'
import { DomainError } from '../../src/domain/errors.ts'
import { withoutExplosion } from '../support/processor-time.ts'

/** Reads one compose file, or several files by their paths. */
function read(files: string | Record<string, string>) {
  const all = typeof files === 'string' ? { 'docker-compose.yml': files } : files
  return readCompose(Object.entries(all).map(([path, content]) => ({ path, content })))
}

/** Relations as `web calls api`, in alphabetical order. */
function edges(files: string | Record<string, string>): string[] {
  const { claims } = read(files)
  const names = new Map(
    claims.entities.map(({ ref, name, namespace }) => [ref, namespace ? `${namespace}/${name}` : name]),
  )
  return claims.relations
    .map(({ from, type, to }) => `${names.get(from)} ${type} ${names.get(to)}`)
    .toSorted()
}

function entity(files: string | Record<string, string>, name: string) {
  const found = read(files).claims.entities.find((each) => each.name === name)
  assert.ok(found, name)
  return found
}

function accepts(path: string, content = ''): boolean {
  return composeImporter.accepts({ path, content })
}

/** The refusal of an import, which must come soon, whatever is read. */
function refusalOf(files: string | Record<string, string>): string {
  return withoutExplosion(() => {
    try {
      read(files)
    } catch (error) {
      assert.ok(error instanceof DomainError && error.code === 'import_refused', String(error))
      return error.message
    }
    throw new Error('was not refused')
  })
}

describe('Interpolation', () => {
  const values: Record<string, string> = { A: 'a', EMPTY: '', B: '${A}' }
  const rules: [text: string, expected: string][] = [
    ['$A-${A}', 'a-a'],
    ['${NONE:-x}${EMPTY:-x}${A:-x}', 'xxa'],
    ['${NONE-x}${EMPTY-x}', 'x'],
    ['${A:?why}${NONE:?why}', 'a'],
    ['${A:+x}${EMPTY:+x}${EMPTY+x}${NONE+x}', 'xx'],
    ['${NONE:-${NONE:-$A}}/${NONE:-{{x}}', 'a/{{x}'],
    ['$$A $${A} $ $1 ${', '$A ${A} $ $1 ${'],
    ['$B', '${A}'],
    ['${A|x} ${}', '${A|x} ${}'],
  ]
  for (const [text, expected] of rules) {
    it(`makes ${JSON.stringify(expected)} of ${text}`, () => {
      assert.equal(
        interpolate(text, (name) => values[name]),
        expected,
      )
    })
  }

  it('leaves alone what grows without end or is nested without end', () => {
    const long = '$X'.repeat(100)
    assert.equal(
      interpolate(long, () => 'x'.repeat(1000)),
      long,
    )
    const deep = '${A:-'.repeat(1600)
    assert.equal(
      interpolate(deep, () => undefined),
      deep,
    )
    const nested = `${'${N:-'.repeat(100)}x${'}'.repeat(100)}`
    assert.equal(
      interpolate(nested, () => undefined),
      nested,
    )
  })
})

describe('A .env file', () => {
  it('has comments, export, quotes over several lines, and variables of the lines above', () => {
    const variables = parseDotenv(
      [
        '# comment',
        'A=1 # one',
        'export B = "two # ${A}"',
        "C='${A}'",
        'D=$A$NONE',
        'E="x',
        'y"',
        'F: 6',
        'no line',
        'G=a#b',
        'H=',
      ].join('\n'),
    )
    assert.deepEqual(Object.fromEntries([...variables].map(([name, { text }]) => [name, text])), {
      A: '1',
      B: 'two # 1',
      C: '${A}',
      D: '1',
      E: 'x\ny',
      F: '6',
      G: 'a#b',
      H: '',
    })
    assert.equal(variables.get('F')?.line, 8)
  })
})

describe('A compose file', () => {
  it('tells uses by variables as list and map, env_file, arguments and bare names of .env', () => {
    const files = {
      'shop/docker-compose.yml': `
services:
  web:
    build: .
    environment:
      - API_URL=http://\${API_NAME}:8080
      - MAIL_ADDR
    env_file: [web.env]
    command: ["serve", "--queue-addr", "mq:5672"]
  api:
    image: shop/api
    environment: { DATABASE_URL: 'postgres://u:p@db/shop', CACHE_HOST: redis_cache }
    entrypoint: sh -c "until nc -z $$DB_HOST 5432; do sleep 1; done"
    expose: ["8080"]
  db: { image: 'postgres:16', ports: ['5432:5432'] }
  redis_cache: { image: 'redis:7' }
  mail: { image: mailhog/mailhog }
  mq: { image: 'rabbitmq:3' }
  search: { image: 'opensearchproject/opensearch:2' }
`,
      'shop/.env': 'API_NAME=api\nPORT=25\nMAIL_ADDR=mail:${PORT}\n',
      'shop/web.env': '# who\nSEARCH_URL=http://search:9200\n',
    }
    assert.deepEqual(edges(files), [
      'api reads_writes db',
      'api reads_writes redis_cache',
      'web calls api',
      'web calls mail',
      'web reads_writes search',
      'web uses_queue mq',
    ])
    const { claims } = read(files)
    const places = claims.relations.flatMap(({ evidence }) =>
      evidence.map(({ method, place: { file, line, field } }) => `${method} ${file}:${line} ${field}`),
    )
    assert.ok(places.includes('environment shop/docker-compose.yml:6 env API_URL'))
    assert.ok(places.includes('environment shop/web.env:2 env SEARCH_URL'))
    assert.ok(places.includes('argument shop/docker-compose.yml:9 command'))
    assert.ok(!JSON.stringify(claims).includes('u:p'))
  })

  it('knows services by container name, host name and aliases of networks, and nothing by words alone', () => {
    const content = `
services:
  web:
    image: web
    environment:
      A_URL: http://api-container
      B_URL: http://api.internal:80
      C_HOST: api-alias
      D_URL: http://api.backend
      MODE: api
      KAFKA_LISTENERS: PLAINTEXT://other:9092
      KAFKA_ADVERTISED_LISTENERS: PLAINTEXT://other:9092
      CORS_ORIGIN: http://other
      SELF_URL: http://web:80
      LOCAL: http://localhost:80
  api:
    image: api
    container_name: api-container
    hostname: api.internal
    networks: { backend: { aliases: [api-alias] } }
  other: { image: other }
networks: { backend: {} }
`
    assert.deepEqual(edges(content), ['web calls api'])
    assert.deepEqual(entity(content, 'api').aliases, ['api-alias', 'api-container', 'api.internal'])
    assert.equal(read(content).claims.relations[0]?.evidence.length, 4)
  })

  it('knows services whatever letters of their names are capitals, and takes no other word in capitals for a host', () => {
    const content = `
services:
  Web:
    image: web
    environment: { DB: OrdersDb:5432, TARGET_ADDR: 'ApiServer:8080', LEVEL: 'ERROR:404' }
  OrdersDb: { image: postgres }
  apiserver: { image: api }
`
    assert.deepEqual(edges(content), ['Web calls apiserver', 'Web reads_writes OrdersDb'])
  })

  it('keeps what is used and described nowhere as unresolved, also told by host and port apart', () => {
    const content = `
services:
  web:
    image: web
    environment:
      PAY_URL: https://api.pay.example
      BOT_HOST: chatbot
      BOT_PORT: 8080
      WORD_HOST: word
    external_links: [legacy_1:legacy]
`
    assert.deepEqual(
      read(content).claims.entities.map(({ ref }) => ref),
      ['service:web', 'unresolved:api.pay.example', 'unresolved:chatbot', 'unresolved:legacy_1'],
    )
  })

  it('takes depends_on for a use where nothing else tells what a service uses, and for stores', () => {
    const content = `
services:
  silent: { image: a, depends_on: [db, mq, told] }
  told:
    image: b
    environment: { DB_HOST: db }
    depends_on:
      db: { condition: service_healthy }
      mq: { condition: service_started }
      migrate: { condition: service_completed_successfully }
  linked: { image: c, links: ['db:database'], depends_on: [mq], environment: { PG_ADDR: 'database:5432' } }
  migrate: { image: b }
  db: { image: postgres }
  mq: { image: rabbitmq }
`
    assert.deepEqual(edges(content), [
      'linked reads_writes db',
      'linked uses_queue mq',
      'silent calls told',
      'silent reads_writes db',
      'silent uses_queue mq',
      'told reads_writes db',
      'told starts_after migrate',
      'told uses_queue mq',
    ])
    const { claims } = read(content)
    const evidence = (from: string, to: string) =>
      claims.relations
        .find((relation) => relation.from === from && relation.to === to)
        ?.evidence.map(({ method, basis }) => `${method} ${basis}`)
    assert.deepEqual(evidence('service:silent', 'database:db'), ['start_order inferred'])
    assert.deepEqual(evidence('service:told', 'database:db'), [
      'environment declared',
      'start_order inferred',
    ])
    assert.deepEqual(
      evidence('service:linked', 'database:db'),
      ['link declared', 'environment declared'].toSorted(),
    )
    assert.equal(entity(content, 'migrate').kind, 'job')
  })

  it('takes a store for waited for only, where what else is waited for uses it; and products for calling no services', () => {
    const content = `
services:
  page: { image: a, environment: { API_URL: 'http://api' }, depends_on: [api, db, files] }
  api: { image: b, environment: { DB_HOST: db }, depends_on: [db] }
  db: { image: postgres, depends_on: [shipper, files] }
  files: { image: minio/minio }
  shipper: { image: c }
`
    assert.deepEqual(edges(content), [
      'api reads_writes db',
      'db reads_writes files',
      'db starts_after shipper',
      'page calls api',
      'page reads_writes files',
      'page starts_after db',
    ])
  })

  it('takes nothing of depends_on for a call between processes of one program, or to a worker without ports', () => {
    const content = `
services:
  page: { image: page, depends_on: [api, mail-worker, web-worker] }
  api: { image: shop, environment: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel-collector:4317' }, depends_on: [db, rates] }
  jobs: { image: shop, depends_on: [api] }
  mail-worker: { image: mail }
  web-worker: { image: web, ports: ['80'] }
  rates: { image: rates }
  db: { image: postgres }
  otel-collector: { image: otel/opentelemetry-collector }
`
    assert.deepEqual(edges(content), [
      'api calls otel-collector',
      'api calls rates',
      'api reads_writes db',
      'jobs starts_after api',
      'page calls api',
      'page calls web-worker',
      'page starts_after mail-worker',
    ])
  })

  it('takes depends_on for start order alone where addresses are told, and others are told this one', () => {
    const content = `
services:
  shop: { image: shop, environment: { FLAGS_URL: 'http://flags:8013' } }
  console: { image: console, environment: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel-collector:4317' }, depends_on: [flags] }
  flags: { image: flags }
  otel-collector: { image: otel/opentelemetry-collector }
`
    assert.deepEqual(edges(content), [
      'console calls otel-collector',
      'console starts_after flags',
      'shop calls flags',
    ])
  })

  it('takes localhost in variables of pages for whoever publishes the port', () => {
    const content = `
services:
  page:
    image: page
    ports: ['3000:3000']
    environment:
      NEXT_PUBLIC_API_URL: http://localhost:8000/v1
      VITE_LOGIN: http://127.0.0.1:8001
      REACT_APP_SELF: http://localhost:3000
      REACT_APP_OTHER: http://localhost:9999
      REACT_APP_TWICE: http://localhost:7000
      SITE_URL: http://localhost:8002
  api: { image: api, ports: ['127.0.0.1:8000:80/tcp'] }
  login: { image: login, ports: [{ target: 80, published: '8001' }] }
  site: { image: site, ports: ['8002:80'] }
  one: { image: one, ports: ['7000:80'] }
  two: { image: two, ports: ['7000:80'] }
`
    assert.deepEqual(edges(content), ['page calls api', 'page calls login'])
  })

  it('knows gateways out of a box, not what is built on one or may as well serve pages', () => {
    const content = `
services:
  a: { image: 'kong:3' }
  b: { image: 'registry:5000/envoyproxy/envoy:v1@sha256:0' }
  c: { image: shop/envoy }
  d: { image: nginx }
`
    const kinds = read(content).claims.entities.map(({ ref }) => ref)
    assert.deepEqual(kinds, ['gateway:a', 'gateway:b', 'service:c', 'service:d'])
  })

  it('tags a store that only telemetry uses', () => {
    const content = `
services:
  jaeger: { image: jaegertracing/all-in-one, environment: { ES_URL: 'http://spans:9200' } }
  web: { image: web, environment: { SEARCH_URL: 'http://search:9200' } }
  spans: { image: elasticsearch }
  search: { image: elasticsearch }
`
    assert.deepEqual(entity(content, 'spans').tags, ['telemetry'])
    assert.equal(entity(content, 'search').tags, undefined)
  })

  it('knows products without a known image by their whole name, the scheme all call them by, and their usual port', () => {
    const content = `
services:
  web:
    image: web
    environment: [ORDERS=mongodb://orders/shop, 'LEDGER=postgres://u:p@ledger/l', MIXED=http://mixed, 'MIXED_2=redis://mixed', Z=zookeeper:2181]
  clickhouse: { build: . }
  kafka-consumer: { build: . }
  orders: { build: . }
  ledger: { build: ./ledger-api }
  mixed: { build: . }
  zookeeper: { image: confluentinc/cp-zookeeper }
`
    const kinds = read(content).claims.entities.map(({ ref }) => ref)
    assert.deepEqual(kinds, [
      'database:clickhouse',
      'database:ledger',
      'database:orders',
      'database:zookeeper',
      'service:kafka-consumer',
      'service:mixed',
      'service:web',
    ])
    assert.ok(edges(content).includes('web reads_writes zookeeper'))
  })

  it('tells products, replicas, ports, profiles, labels and what only watches', () => {
    const content = `
services:
  collector: { image: 'otel/opentelemetry-collector-contrib:0.1' }
  web:
    image: ghcr.io/shop/web:1
    profiles: [debug]
    ports: ['127.0.0.1:8080:80/tcp', '9000-9001:9000-9001', { target: 443, published: 8443 }]
    deploy: { replicas: 3 }
    labels: { team: shop, org.opencontainers.image.description: "The\\nshop", traefik.http.routers.web.rule: x }
  kafka: { image: '\${R}/demo:kafka', environment: { KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://kafka:9092' } }
  proxy: { image: 'traefik:v3', scale: 2 }
`
    assert.deepEqual(entity(content, 'collector').tags, ['telemetry'])
    const web = entity(content, 'web')
    assert.deepEqual(web.tags, ['profile:debug'])
    assert.equal(web.description, 'The shop')
    assert.deepEqual(web.attributes, {
      images: ['ghcr.io/shop/web:1'],
      technology: undefined,
      replicas: 3,
      ports: [80, 443, 9000],
      labels: { team: 'shop' },
    })
    assert.equal(entity(content, 'kafka').kind, 'queue')
    assert.equal(entity(content, 'proxy').attributes.replicas, 2)
    assert.deepEqual(edges(content), ['proxy routes_to web'])
  })

  it('may be of the first format, without services', () => {
    assert.deepEqual(edges('web:\n  image: web\n  links:\n    - redis\nredis:\n  image: redis\n'), [
      'web reads_writes redis',
    ])
  })
})

describe('Several compose files', () => {
  const base = `
services:
  web: { image: web, environment: { API_URL: 'http://old' }, depends_on: [db] }
  old: { image: old }
  new: { image: new }
  db: { image: postgres }
`

  it('override each other in the order they are given, the base first and overrides last', () => {
    const files = {
      'docker-compose.override.yml': `services: { web: { environment: [API_URL=http://new] } }`,
      'compose.prod.yml': `services: { web: { environment: { API_URL: 'http://prod' }, image: 'web:prod' } }`,
      'docker-compose.yml': base,
    }
    assert.deepEqual(edges(files), ['web calls new', 'web reads_writes db'])
    assert.deepEqual(entity(files, 'web').attributes.images, ['web:prod'])
  })

  it('take away with !reset and replace with !override', () => {
    const files = {
      'docker-compose.yml': base,
      'docker-compose.override.yml':
        'services:\n  web:\n    depends_on: !reset []\n    environment: !override\n      OTHER_URL: http://new\n',
    }
    assert.deepEqual(edges(files), ['web calls new'])
  })

  it('are templates where others extend them, in the same file or another; circles are told', () => {
    const files = {
      'docker-compose.yml': `
services:
  web: { extends: { file: common/base.yml, service: app }, image: web }
  worker: { extends: web, environment: { EXTRA_HOST: db } }
  db: { image: postgres }
  a: { extends: b }
  b: { extends: { service: a } }
`,
      'common/base.yml': `
services:
  app: { image: x, environment: { DATABASE_URL: 'postgres://db/x' } }
`,
    }
    assert.deepEqual(edges(files), ['web reads_writes db', 'worker reads_writes db'])
    assert.deepEqual(read(files).warnings, [
      'docker-compose.yml:6: what this service extends leads back to itself',
      'docker-compose.yml:7: what this service extends leads back to itself',
    ])
    assert.ok(!read(files).claims.entities.some(({ name }) => name === 'app'))
  })

  it('of several folders are several projects: what they both name is told apart, what one includes is its own', () => {
    const files = {
      'a/compose.yaml': `services: { web: { image: w, environment: { DB_URL: 'postgres://db/a', X_URL: 'http://only-b' } }, db: { image: postgres } }`,
      'b/compose.yaml': `name: second\ninclude: [ more/compose.yaml ]\nservices: { db: { image: mysql }, only-b: { image: x, environment: { M_URL: 'http://more', DB_HOST: db } } }`,
      'b/more/compose.yaml': 'services: { more: { image: more } }',
    }
    assert.deepEqual(edges(files), [
      'only-b calls more',
      'only-b reads_writes second/db',
      'web calls only-b',
      'web reads_writes a/db',
    ])
  })

  it('are recognized by name or by services with images; .env files come along, and alone are no Compose file', () => {
    for (const path of [
      'compose.yaml',
      'x/docker-compose.yml',
      'docker-compose.prod.yaml',
      'compose.override.yml',
    ])
      assert.ok(accepts(path), path)
    assert.ok(accepts('deploy.yml', base.replace('{ image: web', '\n    image: web\n    x: {')))
    for (const [path, content] of [
      ['.gitlab-ci.yml', 'image: node\nservices:\n  - postgres\n'],
      ['values.yaml', 'services:\n  web:\n    image:\n      repository: x\n'],
      ['pod.yaml', 'apiVersion: v1\nkind: Pod\nservices:\n  image: x\n'],
      ['stack.yaml', 'resolver: lts\n'],
    ] as const)
      assert.ok(!accepts(path, content), path)
    const env = { path: '.env', content: 'A=b' }
    const { readings, unrecognized } = readFiles([env, { path: 'compose.yaml', content: base }])
    assert.deepEqual(
      readings.map(({ type, files }) => [type, files]),
      [['compose', 2]],
    )
    assert.deepEqual(unrecognized, [])
    assert.throws(() => readFiles([env], 'compose'), DomainError)
  })
})

describe('Compose files that are made to exhaust', () => {
  it('are refused with a place', () => {
    assert.match(refusalOf('services: {}'), /^No service in 1 Compose/)
    const many = Array.from({ length: 2001 }, (_, at) => `  s${at}: { image: x }`).join('\n')
    assert.match(refusalOf(`services:\n${many}`), /^docker-compose\.yml:1: more than 2000 services/)
    const variables = Array.from({ length: 2_001 }, (_, at) => `      V${at}_URL: http://a${at}`).join('\n')
    assert.match(
      refusalOf(`services:\n  web:\n    environment:\n${variables}`),
      /:3: more than 2000 variables/,
    )
    const shared = Array.from({ length: 90 }, (_, at) => `  s${at}: { image: x, env_file: big.env }`).join(
      '\n',
    )
    const big = Array.from({ length: 4_000 }, (_, at) => `V${at}_URL=http://host-${at}.example:80`).join('\n')
    assert.match(
      refusalOf({ 'compose.yaml': `services:\n${shared}`, 'big.env': big }),
      /too much for one import/,
    )
  })

  it('end in time where they are not', () => {
    const open = '${A:-'.repeat(1500)
    const lines = Array.from({ length: 80 }, (_, at) => `      V${at}_URL: "${open}"`).join('\n')
    withoutExplosion(() =>
      read({
        'compose.yaml': `services:\n  web:\n    image: x\n    environment:\n${lines}`,
        '.env': 'A="\n'.repeat(100_000),
      }),
    )
  })
})
