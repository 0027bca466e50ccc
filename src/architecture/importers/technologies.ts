import type { EntityKind, RelationType } from '../model.ts'

/** A product that is more than a service of one's own. */
export interface Technology {
  name: string
  kind: 'database' | 'cache' | 'queue' | 'storage'
  /** Last path segments of images that run exactly this, not something beside it such as `redis-exporter`. */
  images: readonly string[]
  /** What people call it within names, and as a URL scheme. */
  words: readonly string[]
  ports: readonly number[]
}

/** Kinds of what keeps data for others. */
export const storeKinds: ReadonlySet<EntityKind> = new Set(['database', 'cache', 'queue', 'storage'])

const technologies: readonly Technology[] = [
  database(
    'postgres',
    [
      'postgres',
      'postgresql',
      'postgresql-repmgr',
      'postgis',
      'pgvector',
      'spilo-15',
      'spilo-16',
      'timescaledb',
      'timescaledb-ha',
    ],
    [5432],
    ['pg'],
  ),
  database('mysql', ['mysql', 'mysql-server', 'percona', 'percona-server', 'percona-xtradb-cluster'], [3306]),
  database('mariadb', ['mariadb', 'mariadb-galera'], [3306]),
  database(
    'mongodb',
    ['mongo', 'mongodb', 'mongodb-community-server', 'percona-server-mongodb', 'mongodb-sharded'],
    [27017],
  ),
  database('elasticsearch', ['elasticsearch', 'elasticsearch-oss'], [9200]),
  database('opensearch', ['opensearch'], [9200]),
  database('cassandra', ['cassandra'], [9042]),
  database('scylla', ['scylla'], [9042]),
  database('cockroachdb', ['cockroach', 'cockroachdb'], [26257]),
  database('clickhouse', ['clickhouse', 'clickhouse-server'], [8123, 9000]),
  database('couchdb', ['couchdb'], [5984]),
  database('couchbase', ['couchbase'], [8091]),
  database('influxdb', ['influxdb'], [8086]),
  database('neo4j', ['neo4j'], [7687]),
  database('mssql', ['azure-sql-edge', 'mssql', 'mssql-server', 'mssql/server'], [1433], ['sqlserver']),
  database('dynamodb', ['dynamodb-local'], []),
  database('etcd', ['etcd'], [2379]),
  database('zookeeper', ['zookeeper', 'cp-zookeeper'], [2181], ['zk']),
  database('solr', ['solr'], [8983]),
  database('qdrant', ['qdrant'], [6333]),
  database('meilisearch', ['meilisearch'], [7700]),
  cache('redis', ['redis', 'redis-cluster', 'redis-stack', 'redis-stack-server'], [6379], ['rediss']),
  cache('valkey', ['valkey', 'valkey-cluster'], [6379], ['valkeys']),
  cache('keydb', ['keydb'], [6379]),
  cache('dragonfly', ['dragonfly'], [6379]),
  cache('memcached', ['memcached'], [11211], ['memcache']),
  queue('rabbitmq', ['rabbitmq', 'rabbitmq-server'], [5672], ['amqp', 'amqps']),
  queue('kafka', ['kafka', 'cp-kafka', 'cp-server', 'kafka-native'], [9092]),
  queue('redpanda', ['redpanda'], [9092]),
  queue('nats', ['nats', 'nats-streaming'], [4222]),
  queue('activemq', ['activemq', 'activemq-classic', 'activemq-artemis', 'artemis'], [61616]),
  queue('pulsar', ['pulsar', 'pulsar-all'], [6650]),
  queue('mosquitto', ['eclipse-mosquitto', 'mosquitto'], [1883], ['mqtt', 'mqtts']),
  queue('elasticmq', ['elasticmq', 'elasticmq-native'], [9324]),
  { name: 'minio', kind: 'storage', images: ['minio'], words: ['minio'], ports: [9000] },
]

/** Words in the image of a container that stands beside what its pod is for. */
const sidecarWords =
  wordSet(`exporter metrics sidecar proxy proxyv2 envoy istio linkerd fluentd fluent filebeat agent backup
  reloader reload jmx sentinel`)
/** Words in a name that speaks of a product without being it, such as `redis-proxy` or `kafka-consumer`. */
const besideWords =
  wordSet(`exporter proxy operator admin ui web express commander insight client backup migration migrations
  migrate migrator init setup gateway bouncer pooler sync consumer producer worker connect rest registry manager console
  dashboard metrics agent controller webhook api service svc app server adapter bridge test`)

/** Something whose product is to be told. */
export interface Sighting {
  names: readonly string[]
  /** Main containers' images; empty for a Service without a workload. */
  images: readonly string[]
  ports: readonly number[]
  /** Schemes of the URLs by which others address it. */
  schemes?: readonly string[]
}

/**
 * Images decide where each container that is no sidecar runs a known product. Otherwise it is what all call it by the
 * scheme of a product (`mongodb://orders`), what bears a product's whole name (`clickhouse`), or that of which a name and
 * a port agree (`catalogue-db` on 3306); and nothing in the names may say that it only stands beside one (`redis-proxy`).
 */
export function findTechnology(sighting: Sighting): Technology | undefined {
  const segments = sighting.images.map(imageName)
  const main = segments.filter((segment) => !wordsIn(segment).some((word) => sidecarWords.has(word)))
  const byImage = main.map((segment) =>
    technologies.find((technology) => technology.images.includes(segment)),
  )
  if (byImage.length > 0 && byImage.every((technology) => technology !== undefined)) return byImage[0]
  if (main.length > 1) return undefined
  const names = [...sighting.names, ...main.map((segment) => segment.replace(/^.*\//, ''))]
  const words = new Set(names.flatMap(wordsIn))
  if ([...words].some((word) => besideWords.has(word))) return undefined
  const bySchemes = new Set((sighting.schemes ?? []).map(findTechnologyByWord))
  const [byScheme, another] = bySchemes
  if (byScheme !== undefined && another === undefined && bySchemes.size === 1) return byScheme
  const byName = sighting.names.map((name) => findTechnologyByWord(name.toLowerCase())).find(Boolean)
  if (byName !== undefined) return byName
  const onPort = technologies.filter((technology) =>
    technology.ports.some((port) => sighting.ports.includes(port)),
  )
  return (
    onPort.find((technology) => technology.words.some((word) => words.has(word))) ?? generic(onPort, words)
  )
}

/** Images of products that stand in front of others and pass requests on. Plain web servers may as well serve pages. */
const gatewayImages = wordSet(`kong kong-gateway traefik apisix krakend tyk-gateway haproxy envoyproxy/envoy
  ingress-nginx/controller nginx-ingress-controller kong-ingress-controller`)

/** Whether everything that runs is a gateway out of a box. */
export function isGateway(images: readonly string[]): boolean {
  const isOne = (image: string) => {
    const path = image
      .replace(/@.*$/, '')
      .replace(/:[^:/]*$/, '')
      .toLowerCase()
      .split('/')
    return gatewayImages.has(path.at(-1) ?? '') || gatewayImages.has(path.slice(-2).join('/'))
  }
  return images.length > 0 && images.every(isOne)
}

/** The verb for using something of this kind, or, where the kind says nothing, something addressed by this scheme. */
export function relationTo(kind: EntityKind, scheme: string | undefined): RelationType {
  const product = technologies.find((technology) => scheme !== undefined && technology.words.includes(scheme))
  const used = kind === 'unresolved' || kind === 'external' ? product?.kind : kind
  if (used === 'queue') return 'uses_queue'
  return used === 'database' || used === 'cache' || used === 'storage' ? 'reads_writes' : 'calls'
}

/** The product that is called by a word, such as one of OpenTelemetry's `db.system.name`. */
export function findTechnologyByWord(word: string): Technology | undefined {
  const plain = word.replaceAll('_', '')
  return technologies.find(({ words }) => words.includes(plain))
}

/** The ports that a product is reached by where nobody says otherwise; none for an unknown one. */
export function usualPortsOf(technology: string | undefined): readonly number[] {
  return technologies.find(({ name }) => name === technology)?.ports ?? []
}

/** URL schemes that name a product. */
export const technologySchemes: ReadonlySet<string> = new Set(technologies.flatMap(({ words }) => words))

/** A name such as `orders-db` tells the kind, its port tells the product. */
function generic(onPort: readonly Technology[], words: ReadonlySet<string>): Technology | undefined {
  return words.has('db') || words.has('database') ? onPort.find(({ kind }) => kind === 'database') : undefined
}

/** `registry:5000/team/redis:7@sha256:…` is `redis`; `mssql/server` keeps two segments, its last says nothing. */
export function imageName(image: string): string {
  const path = image
    .replace(/@.*$/, '')
    .replace(/:[^:/]*$/, '')
    .toLowerCase()
  const segments = path.split('/')
  const last = segments.at(-1) ?? ''
  return last === 'server' ? segments.slice(-2).join('/') : last
}

function database(name: string, images: string[], ports: number[], words: string[] = []): Technology {
  return { name, kind: 'database', images, ports, words: wordsOf(name, images, words) }
}

function cache(name: string, images: string[], ports: number[], words: string[] = []): Technology {
  return { name, kind: 'cache', images, ports, words: wordsOf(name, images, words) }
}

function queue(name: string, images: string[], ports: number[], words: string[] = []): Technology {
  return { name, kind: 'queue', images, ports, words: wordsOf(name, images, words) }
}

function wordsOf(name: string, images: string[], more: string[]): string[] {
  return [...new Set([name, ...images.filter((image) => /^[a-z0-9]+$/.test(image)), ...more])]
}

function wordsIn(name: string): string[] {
  return name.split(/[-_.]/)
}

function wordSet(list: string): Set<string> {
  return new Set(list.split(/\s+/))
}
