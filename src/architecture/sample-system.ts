/**
 * An invented parcel service, Lanternpost: enough of everything to try each question. Two teams share a database, a
 * queue decouples, one Service lies outside, and one address leads to nothing that is described.
 */
export interface SampleWorkload {
  name: string
  about: string
  image?: string
  kind?: 'StatefulSet' | 'CronJob'
  port?: number
  replicas?: number
  env?: Record<string, string>
  /** Variables taken from the ConfigMap that all share. */
  shared?: string[]
  team?: string
}

/** Where all of it runs. */
export const sampleNamespace = 'lanternpost'

/** Data of the ConfigMap that several workloads read. */
export const sharedConfiguration = {
  EVENT_BROKERS: 'event-bus-0.event-bus:9092,event-bus-1.event-bus:9092',
  TASK_QUEUE_URL: 'amqp://task-queue:5672/lanternpost',
  DOCUMENT_STORE_ENDPOINT: 'http://document-store:9000',
}

/** What runs, from the public edge to the stores. */
export const sampleWorkloads: readonly SampleWorkload[] = [
  {
    name: 'tracking-site',
    about: 'Public website: quotes, bookings and parcel tracking for senders and recipients',
    port: 8080,
    replicas: 3,
    team: 'storefront',
    env: { GATEWAY_URL: 'http://gateway:8080' },
  },
  {
    name: 'partner-api',
    about: 'API for shops that hand over many parcels a day',
    port: 8080,
    replicas: 2,
    team: 'storefront',
    env: { PARCELS_ADDR: 'parcels:7000', QUOTES_ADDR: 'quotes:7000', RATE_LIMIT_REDIS_HOST: 'session-cache' },
  },
  {
    name: 'gateway',
    about: 'Checks sign-in and passes requests of the website on',
    port: 8080,
    replicas: 3,
    team: 'storefront',
    env: {
      ACCOUNTS_ADDR: 'accounts:7000',
      QUOTES_ADDR: 'quotes:7000',
      PARCELS_ADDR: 'parcels:7000',
      TRACKING_ADDR: 'tracking:7000',
      SEARCH_URL: 'http://search:7080',
      SESSION_STORE: 'redis://session-cache:6379/0',
    },
  },
  {
    name: 'accounts',
    about: 'Senders, their addresses, passwords and sign-in',
    port: 7000,
    replicas: 2,
    team: 'identity',
    env: {
      DB_HOST: 'accounts-db',
      DB_URL: 'postgresql://$(DB_HOST):5432/accounts',
      SESSION_STORE: 'redis://session-cache:6379/0',
    },
  },
  {
    name: 'quotes',
    about: 'Computes what sending a parcel costs',
    port: 7000,
    replicas: 2,
    team: 'pricing',
    env: { TARIFFS_ADDR: 'tariffs:7000', QUOTE_CACHE_SERVERS: 'quote-cache:11211' },
  },
  {
    name: 'tariffs',
    about: 'Price lists by weight, zone and season',
    port: 7000,
    team: 'pricing',
    env: { TARIFFS_DATABASE_URL: 'mysql://tariffs-db:3306/tariffs' },
  },
  {
    name: 'parcels',
    about: 'Bookings and the life of a parcel; the heart of the system',
    port: 7000,
    replicas: 3,
    team: 'logistics',
    shared: ['EVENT_BROKERS'],
    env: {
      QUOTES_ADDR: 'quotes:7000',
      PAYMENTS_ADDR: 'payments:7000',
      DATABASE_URL: 'postgresql://parcels-db:5432/parcels',
    },
  },
  {
    name: 'payments',
    about: 'Charges cards and refunds; keeps the ledger',
    port: 7000,
    replicas: 2,
    team: 'billing',
    env: {
      LEDGER_DATABASE_URL: 'postgresql://ledger-db:5432/ledger',
      CARD_PROCESSOR_URL: 'https://api.cardbridge.example/v2',
    },
  },
  {
    name: 'tracking',
    about: 'Where each parcel is now, and where it was',
    port: 7000,
    replicas: 2,
    team: 'logistics',
    shared: ['EVENT_BROKERS'],
    env: { MONGO_URL: 'mongodb://tracking-db:27017/tracking', ROUTING_ADDR: 'routing:7000' },
  },
  {
    name: 'search',
    about: 'Full-text search over parcels and addresses',
    port: 7080,
    team: 'storefront',
    shared: ['EVENT_BROKERS'],
    env: { SEARCH_INDEX_URL: 'http://search-index:9200' },
  },
  {
    name: 'dispatch',
    about: 'Assigns parcels to vans and drivers every few minutes',
    port: 7000,
    team: 'fleet',
    shared: ['EVENT_BROKERS', 'TASK_QUEUE_URL'],
    env: { ROUTING_ADDR: 'routing:7000', DRIVERS_ADDR: 'drivers:7000' },
  },
  {
    name: 'routing',
    about: 'Plans routes of vans from depots to doors',
    port: 7000,
    team: 'fleet',
    env: { WEATHER_FEED_URL: 'https://weather-feed/v1/hourly' },
  },
  {
    name: 'drivers',
    about: 'Drivers, shifts and vans; reads the parcels database of another team',
    port: 7000,
    team: 'fleet',
    env: { PARCELS_DATABASE_URL: 'postgresql://parcels-db:5432/parcels' },
  },
  {
    name: 'notifier',
    about: 'Sends e-mail and text messages to senders and recipients',
    team: 'storefront',
    shared: ['TASK_QUEUE_URL'],
    env: { ACCOUNTS_ADDR: 'accounts:7000' },
  },
  {
    name: 'label-printer',
    about: 'Renders shipping labels as PDF',
    team: 'logistics',
    shared: ['TASK_QUEUE_URL', 'DOCUMENT_STORE_ENDPOINT'],
  },
  {
    name: 'invoice-export',
    about: 'Writes invoices of the day, every night',
    kind: 'CronJob',
    team: 'billing',
    shared: ['DOCUMENT_STORE_ENDPOINT'],
    env: { PARCELS_DATABASE_URL: 'postgresql://parcels-db:5432/parcels', PAYMENTS_ADDR: 'payments:7000' },
  },
  {
    name: 'accounts-db',
    about: 'Senders and sign-in',
    kind: 'StatefulSet',
    image: 'postgres:17',
    port: 5432,
    replicas: 1,
  },
  {
    name: 'parcels-db',
    about: 'Bookings and parcels',
    kind: 'StatefulSet',
    image: 'postgres:17',
    port: 5432,
    replicas: 1,
  },
  {
    name: 'ledger-db',
    about: 'Payments and refunds',
    kind: 'StatefulSet',
    image: 'postgres:17',
    port: 5432,
    replicas: 2,
  },
  {
    name: 'tariffs-db',
    about: 'Price lists',
    kind: 'StatefulSet',
    image: 'mysql:8.4',
    port: 3306,
    replicas: 1,
  },
  {
    name: 'tracking-db',
    about: 'Scans and positions',
    kind: 'StatefulSet',
    image: 'mongo:8',
    port: 27017,
    replicas: 3,
  },
  {
    name: 'search-index',
    about: 'Index of search',
    kind: 'StatefulSet',
    image: 'opensearchproject/opensearch:3',
    port: 9200,
    replicas: 2,
  },
  {
    name: 'session-cache',
    about: 'Sessions and rate limits',
    image: 'redis:8-alpine',
    port: 6379,
    replicas: 1,
  },
  { name: 'quote-cache', about: 'Recent quotes', image: 'memcached:1.6', port: 11211, replicas: 2 },
  {
    name: 'event-bus',
    about: 'What happens to parcels',
    kind: 'StatefulSet',
    image: 'apache/kafka:4.1.0',
    port: 9092,
    replicas: 3,
  },
  {
    name: 'task-queue',
    about: 'Work to be done later',
    kind: 'StatefulSet',
    image: 'rabbitmq:4-management',
    port: 5672,
    replicas: 1,
  },
  {
    name: 'document-store',
    about: 'Labels and invoices',
    kind: 'StatefulSet',
    image: 'minio/minio:latest',
    port: 9000,
    replicas: 1,
  },
]
