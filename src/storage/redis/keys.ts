/**
 * Every key there is. Redis Cluster places a key by what stands in braces, else by the whole of it: only the two keys
 * of a grant, a log with its labels, and the documents, which change together, share a place.
 */
export interface Keys {
  readonly artifact: (model: string, idHash: string) => string
  readonly uid: (model: string, uidHash: string) => string
  readonly userCode: (model: string, userCodeHash: string) => string
  /** Records of one owner, by expiry. */
  readonly owned: (model: string, owner: 'user' | 'client' | 'organization', id: string) => string
  /** Records of one grant, by expiry. */
  readonly grantMembers: (grantId: string) => string
  readonly grantRevoked: (grantId: string) => string
  readonly document: (kind: string, id: string) => string
  readonly uniqueValues: (kind: string, key: string) => string
  readonly index: (kind: string, name: string, value: string) => string
  readonly documentsRevision: string
  readonly log: (stream: string) => string
  /** Ids of the entries with one label. */
  readonly logLabel: (stream: string, label: string) => string
  /** The labels in use, by their last use. */
  readonly logLabels: (stream: string) => string
  readonly limiter: (key: string) => string
  readonly blob: (key: string) => string
  readonly channel: (channel: string) => string
}

export function createKeys(prefix: string): Keys {
  return {
    artifact: (model, idHash) => `${prefix}artifact:${model}:${idHash}`,
    uid: (model, uidHash) => `${prefix}uid:${model}:${uidHash}`,
    userCode: (model, userCodeHash) => `${prefix}user-code:${model}:${userCodeHash}`,
    owned: (model, owner, id) => `${prefix}owned:${model}:${owner}:${id}`,
    grantMembers: (grantId) => `${prefix}{grant:${grantId}}:members`,
    grantRevoked: (grantId) => `${prefix}{grant:${grantId}}:revoked`,
    document: (kind, id) => `${prefix}{documents}:document:${kind}:${id}`,
    uniqueValues: (kind, key) => `${prefix}{documents}:unique:${kind}:${key}`,
    index: (kind, name, value) => `${prefix}{documents}:index:${kind}:${name}:${value}`,
    documentsRevision: `${prefix}{documents}:revision`,
    log: (stream) => `${prefix}log:${stream}`,
    // In braces stands the name of the log's own key, which has none: so all of these go where that goes.
    logLabel: (stream, label) => `${prefix}log-label:{${prefix}log:${stream}}:${label}`,
    logLabels: (stream) => `${prefix}log-labels:{${prefix}log:${stream}}`,
    limiter: (key) => `${prefix}limiter:${key}`,
    blob: (key) => `${prefix}blob:${key}`,
    channel: (channel) => `${prefix}bus:${channel}`,
  }
}
