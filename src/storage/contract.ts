/**
 * The store: everything the product keeps, in six narrow parts. Two engines implement it (`sqlite/`, `redis/`)
 * and one suite in `test/contract` holds both to the words below. Times are epoch milliseconds unless a name
 * says seconds. `undefined` means absent and is never an error.
 */
export interface Store {
  readonly artifacts: Artifacts
  readonly documents: Documents
  readonly logs: Logs
  readonly limiter: Limiter
  readonly bus: Bus
  readonly blobs: Blobs
  /**
   * Runs `work`, whose calls to this store outlast an outage of up to eight seconds together instead of failing at once.
   * For the few requests whose failure costs a person more than a wait, such as a refresh.
   */
  readonly patiently: <T>(work: () => Promise<T>) => Promise<T>
  /** One cheap round trip. @throws {StoreUnavailable} */
  readonly ping: () => Promise<void>
  /** Sentences an operator should read at start-up: no append-only file, an evicting policy, an old version. */
  readonly warnings: () => Promise<string[]>
  readonly close: () => Promise<void>
}

/**
 * Protocol state with a lifetime: sign-ins, interactions, codes, tokens, grants, registered clients.
 * Identifiers may be bearer secrets, so an engine keeps only their SHA-256; payloads must not repeat them.
 */
export interface Artifacts {
  /**
   * Writes or replaces one record with its pointers and index entries; a live record that was spent stays spent.
   * @throws {GrantRevoked} when `grantId` was revoked, also when the revocation raced with this write:
   *   after both have returned, nothing of that grant is alive.
   */
  readonly put: (artifact: NewArtifact) => Promise<void>
  readonly get: (model: string, id: string) => Promise<Artifact | undefined>
  /**
   * Whether there is such a record, for whoever knows what it holds and asks often. Cheaper the more ask at the same time.
   * @param idHash SHA-256 of its id in base64url
   */
  readonly has: (model: string, idHash: string) => Promise<boolean>
  readonly findByUid: (model: string, uid: string) => Promise<Artifact | undefined>
  readonly findByUserCode: (model: string, userCode: string) => Promise<Artifact | undefined>
  /**
   * Marks a record as spent; a compare-and-set, so of any number of parallel calls exactly one gets `first`.
   * Within `graceSeconds` of that first call others get `grace`, afterwards `replay`. With 0 there is no grace
   * at all, not even within the same millisecond. Never brings an expired record back (`missing`).
   */
  readonly consume: (model: string, id: string, options: { graceSeconds: number }) => Promise<Consumption>
  readonly delete: (model: string, id: string) => Promise<void>
  /** Ends a grant: deletes every artifact put with this `grantId` and refuses later ones. Idempotent; works while Redis is full. */
  readonly revokeGrant: (grantId: string) => Promise<void>
  /** Live records of one model for one owner, newest expiry first. */
  readonly list: (model: string, owner: ArtifactOwner, page?: PageRequest) => Promise<Page<Artifact>>
}

export type Consumption = 'first' | 'grace' | 'replay' | 'missing'
export type ArtifactOwner = { userId: string } | { clientId: string } | { organizationId: string }

export interface NewArtifact {
  model: string
  id: string
  payload: Record<string, unknown>
  /** Absent: kept until deleted. */
  expiresAt?: number | undefined
  /** The artifact dies with this grant. */
  grantId?: string | undefined
  uid?: string | undefined
  userCode?: string | undefined
  userId?: string | undefined
  clientId?: string | undefined
  organizationId?: string | undefined
}

export interface Artifact {
  payload: Record<string, unknown>
  expiresAt: number | undefined
  consumedAt: number | undefined
}

export interface PageRequest {
  limit?: number
  cursor?: string | undefined
}

export interface Page<T> {
  items: T[]
  /** Present when there is more. Opaque. */
  nextCursor: string | undefined
}

/** Versioned JSON records of the domain, with unique keys and indexes, changed all or nothing. */
export interface Documents {
  readonly get: (kind: string, id: string) => Promise<StoredDocument | undefined>
  readonly findUnique: (kind: string, key: string, value: string) => Promise<StoredDocument | undefined>
  /** Documents with this index value in the order of their ids; ids are time-ordered by convention (`newId`). */
  readonly list: (
    kind: string,
    index: string,
    value: string,
    page?: PageRequest,
  ) => Promise<Page<StoredDocument>>
  /**
   * Applies every change or none.
   * @throws {Conflict} `version` when a document changed since it was read, `unique` when a unique key is taken.
   */
  readonly commit: (changes: readonly DocumentChange[]) => Promise<void>
  /**
   * Merges shallow, unversioned facts beside a document (last used, last address); lost updates are acceptable,
   * a version conflict is not. Read back as `touched`. Does nothing when the document is absent.
   */
  readonly touch: (kind: string, id: string, facts: Record<string, string | number>) => Promise<void>
  /**
   * A mark that every commit replaces by one that never was, whichever process commits, in the same step. While it is
   * the same, whatever was read after it was first asked for still stands; `touched` facts do not count. One cheap read.
   */
  readonly revision: () => Promise<string>
}

export interface StoredDocument {
  id: string
  version: number
  data: unknown
  touched: Record<string, string | number>
}

export type DocumentChange =
  | {
      op: 'put'
      kind: string
      id: string
      /** The version that was read; 0 creates. */
      version: number
      data: unknown
      /** Values no other document of this kind may hold under the same key; a list for a document with several. */
      unique?: Record<string, string | readonly string[]>
      indexes?: Record<string, string>
    }
  | { op: 'delete'; kind: string; id: string; version: number }

/** Append-only streams: audit events, event replay. */
export interface Logs {
  /** @returns the entry's id; ids of one stream ascend. */
  readonly append: (
    stream: string,
    entry: Record<string, unknown>,
    keep?: LogRetention & { labels?: readonly string[] },
  ) => Promise<string>
  /**
   * Appends many in their order for little more than the price of one. Unlike `append` it is refused while the store
   * is full, so that what comes in numbers does not make it worse, and the last may be
   * lost with the power. Some may have been appended when it fails.
   */
  readonly appendAll: (
    stream: string,
    entries: readonly LabelledEntry[],
    keep: { ttlSeconds: number },
  ) => Promise<void>
  readonly page: (stream: string, request: LogPageRequest) => Promise<LogEntry[]>
  /** Ends entries earlier than was said when they were appended; never later. */
  readonly shorten: (stream: string, keep: { ttlSeconds: number }) => Promise<void>
  readonly drop: (stream: string) => Promise<void>
}

/** An entry that is also found under each of its labels, named once each, without reading those between. */
export interface LabelledEntry {
  entry: Record<string, unknown>
  labels: readonly string[]
}

/** Said with every append; one stream keeps to one retention. Labels are for streams without `maxEntries`. */
export interface LogRetention {
  maxEntries?: number
  /** Of each entry. */
  ttlSeconds?: number
}

export interface LogPageRequest {
  limit: number
  order: 'newest-first' | 'oldest-first'
  /** Exclusive. Continue from the last id of the page before, with everything else as it was. */
  from?: string | undefined
  /** Only entries with this label. */
  label?: string | undefined
  /** Only entries from this time on, inclusive. */
  since?: number | undefined
  /** Only entries before this time. */
  before?: number | undefined
}

export interface LogEntry {
  id: string
  at: number
  entry: Record<string, unknown>
}

/** Fixed windows. */
export interface Limiter {
  /** @param hits how many it was since the last call, of which this is the answer to the last; 1 unless said */
  readonly hit: (
    key: string,
    rule: { limit: number; windowSeconds: number },
    hits?: number,
  ) => Promise<LimiterAnswer>
  /** Takes one hit back, when it turned out not to be of the kind that is limited. */
  readonly refund: (key: string) => Promise<void>
}

export interface LimiterAnswer {
  allowed: boolean
  remaining: number
  /** Whole seconds until the window ends, at least 1. */
  retryAfterSeconds: number
}

/**
 * Messages to every process that shares the store, this one included. Delivery within a second; none is kept, so a
 * process that was cut off misses them, and caches that rely on messages also need a short lifetime.
 * A handler must not throw.
 */
export interface Bus {
  readonly publish: (channel: string, message: string) => Promise<void>
  readonly subscribe: (channel: string, handler: (message: string) => void) => Promise<() => Promise<void>>
}

/** Larger values replaced as a whole, by compare-and-set on a revision that starts at 1. */
export interface Blobs {
  /** @returns `'unchanged'` when the stored revision equals `unlessRevision`: spares the transfer. */
  readonly get: (
    key: string,
    options?: { unlessRevision?: number },
  ) => Promise<Blob | 'unchanged' | undefined>
  /** @returns the new revision. @throws {Conflict} `version` when the stored revision is not `expectedRevision` (0: absent). */
  readonly put: (key: string, bytes: Uint8Array, expectedRevision: number) => Promise<number>
  readonly delete: (key: string) => Promise<void>
}

export interface Blob {
  revision: number
  bytes: Uint8Array
}

/** The store did not answer in time or refused the write. Every face answers it as 503 with Retry-After, never as 401. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** A compare-and-set lost. */
export class Conflict extends Error {
  override readonly name = 'Conflict'
  readonly reason: 'version' | 'unique'
  /** The unique key that is taken. */
  readonly key: string | undefined
  constructor(reason: 'version' | 'unique', key?: string) {
    super(reason === 'unique' ? `unique key ${key ?? ''} is taken` : 'the record changed since it was read')
    this.reason = reason
    this.key = key
  }
}

/** The grant of an artifact was revoked. */
export class GrantRevoked extends Error {
  override readonly name = 'GrantRevoked'
}
