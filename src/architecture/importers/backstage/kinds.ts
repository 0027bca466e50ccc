import type { EntityKind } from '../../model.ts'

/** What Backstage's `kind` and `spec.type` are here; undefined for kinds that describe nothing of an architecture. */
export function kindOf(kind: string, type: string | undefined): EntityKind | undefined {
  switch (kind) {
    case 'component':
      return firstMatch(componentTypes, type) ?? 'service'
    case 'resource':
      return firstMatch(resourceTypes, type) ?? 'service'
    case 'api':
      return 'api'
    case 'system':
      return 'system'
    case 'domain':
      return 'domain'
    case 'group':
      return 'team'
    case 'user':
      return 'user'
    default:
      return undefined
  }
}

/** Types are free text; these words are what organizations write. */
const resourceTypes: readonly (readonly [EntityKind, RegExp])[] = [
  ['cache', /cache|redis|valkey|memcached?/],
  ['queue', /queue|topic|kafka|rabbit|broker|pub-?sub|sqs|sns|kinesis|stream|event-?(?:bus|hub)|\bnats\b/],
  ['storage', /bucket|s3|blob|storage|gcs|minio|file-?system|volume|artifact/],
  [
    'database',
    /database|\bdb\b|sql|postgres|aurora|\brds\b|mongo|dynamo|cassandra|elastic|opensearch|warehouse|table/,
  ],
  ['gateway', /gateway|load-?balancer|ingress|cdn/],
  ['external', /external|third-?party|saas|vendor/],
]
const componentTypes: readonly (readonly [EntityKind, RegExp])[] = [
  ['library', /library|package|sdk|module/],
  ['website', /website|web-?app|frontend|\bspa\b|\bui\b|\bapp$|mobile|portal/],
  ['gateway', /gateway|ingress|load-?balancer/],
  ['job', /\bjob|batch|cron|pipeline|\betl\b|workflow/],
  ['service', /service|worker|backend|server|consumer/],
  ...resourceTypes,
]

function firstMatch(
  types: readonly (readonly [EntityKind, RegExp])[],
  type: string | undefined,
): EntityKind | undefined {
  const text = type?.slice(0, 100).toLowerCase()
  return text === undefined ? undefined : types.find(([, words]) => words.test(text))?.[0]
}
