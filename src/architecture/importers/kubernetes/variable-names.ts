/** What the name of a variable or flag says about its value: precision rests on this where a value is one bare word. */

const addressWords =
  /(?:HOST|HOSTS|HOSTNAME|ADDR|ADDRS|ADDRESS|ADDRESSES|URL|URLS|URI|URIS|ENDPOINT|ENDPOINTS|SERVER|SERVERS|SERVICE|SERVICES|SVC|BROKER|BROKERS|BOOTSTRAP|DSN|UPSTREAM|UPSTREAMS|SEEDS|PEERS|NODES|POINTS)$/
/** `DATASOURCE_TYPE`, `SERVICE_ACCOUNT`, `HOST_PATH`: words after which a value is no address, whatever stands before. */
const otherWords = new Set(
  `NAME TYPE KIND MODE ACCOUNT ID IDS VERSION USER USERNAME PORT PORTS PATH PREFIX SUFFIX DIR FILE TIMEOUT DRIVER
  PROVIDER NAMESPACE ENABLED DISABLED CLASS DIALECT ENGINE PROTOCOL SCHEME REGION ZONE ROLE METHOD HEADER HEADERS
  MESSAGE LEVEL COUNT SIZE LIMIT INTERVAL STRATEGY DISCOVERY LABEL LABELS TAG TAGS ENV ENVIRONMENT PROFILE TITLE GROUP
  TOPIC QUEUE DATABASE DB SCHEMA TABLE INDEX BUCKET IMAGE DOMAIN PATTERN REGEX FORMAT MESH FORMATTER`.split(
    /\s+/,
  ),
)
const secretWords =
  /^(?:PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|SECRETS?|TOKENS?|KEYS?|APIKEY|CREDENTIALS?|AUTH|SALT|SIGNATURE|COOKIE|JWT|CERT|CERTIFICATE)$/
const ownAddressWords =
  /^(?:LISTENERS?|LISTEN|ADVERTISED?|ADVERTISE|BIND|CORS|ORIGINS?|ALLOWED|WHITELIST|ALLOWLIST|PUBLISHED)$/

/** True for `CART_SERVICE_ADDR`, `PGHOST`, `spring.redis.host`, `--upstream-url`; false for `SERVICE_ACCOUNT`. */
export function suggestsAddress(name: string): boolean {
  const words = wordsOf(name)
  if (/HOST_?NAME$/.test(words.join('_'))) return true
  return (
    !otherWords.has(words.at(-1) ?? '') && !holdsSecret(name) && words.some((word) => addressWords.test(word))
  )
}

/** True where the value says where others reach the owner, or who may call it: `KAFKA_ADVERTISED_LISTENERS`, `CORS_ORIGIN`. */
export function declaresOwnAddress(name: string): boolean {
  const words = wordsOf(name)
  return words.some((word) => ownAddressWords.test(word)) || words.join('_').includes('NO_PROXY')
}

/** True for `DB_PASSWORD` and `API_KEY_V2`, false for `TOKEN_URL`: of such a value nothing may be kept that was not known before. */
export function holdsSecret(name: string): boolean {
  const words = wordsOf(name)
  return words.some((word) => secretWords.test(word)) && !addressWords.test(words.at(-1) ?? '')
}

function wordsOf(name: string): string[] {
  const words = name
    .slice(0, 200)
    .split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/)
    .filter((word) => word !== '')
    .map((word) => word.toUpperCase())
  while (words.length > 1 && /^\d+$/.test(words.at(-1) ?? '')) words.pop()
  return words
}
