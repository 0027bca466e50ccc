/** Endings that announce an address, with or without a separator before: `DB_HOST`, `PGHOST`. */
const addressEndings =
  words(`HOST HOSTS HOSTNAME ADDR ADDRS ADDRESS ADDRESSES URL URLS URI URIS ENDPOINT ENDPOINTS
  SERVER SERVERS SERVICE SERVICES SVC BROKER BROKERS BOOTSTRAP DSN UPSTREAM UPSTREAMS SEEDS PEERS NODES POINTS`)
/** Last words after which a value is no address, whatever stands before: `SERVICE_ACCOUNT`, `HOST_PATH`. */
const otherWords = new Set(
  words(`NAME TYPE KIND MODE ACCOUNT ID IDS VERSION USER USERNAME PORT PORTS PATH PREFIX SUFFIX DIR FILE TIMEOUT DRIVER
  PROVIDER NAMESPACE ENABLED DISABLED CLASS DIALECT ENGINE PROTOCOL SCHEME REGION ZONE ROLE METHOD HEADER HEADERS
  MESSAGE LEVEL COUNT SIZE LIMIT INTERVAL STRATEGY DISCOVERY LABEL LABELS TAG TAGS ENV ENVIRONMENT PROFILE TITLE GROUP
  TOPIC QUEUE DATABASE DB SCHEMA TABLE INDEX BUCKET IMAGE DOMAIN PATTERN REGEX FORMAT FORMATTER MESH`),
)
const secretWords = new Set(
  words(`PASSWORD PASSWD PASSPHRASE PASS PWD SECRET SECRETS TOKEN TOKENS KEY KEYS APIKEY CREDENTIAL CREDENTIALS AUTH SALT
  SIGNATURE COOKIE JWT CERT CERTIFICATE`),
)
const ownAddressWords = new Set(
  words(
    `LISTENER LISTENERS LISTEN ADVERTISE ADVERTISED BIND CORS ORIGIN ORIGINS ALLOWED ALLOWLIST WHITELIST PUBLISHED`,
  ),
)

/**
 * Whether a variable or flag is named as if it held an address: `CART_SERVICE_ADDR`, `PGHOST`, `spring.redis.host`, not
 * `SERVICE_ACCOUNT`. Precision rests on it where a value is one bare word.
 */
export function suggestsAddress(name: string): boolean {
  const parts = partsOf(name)
  if (parts.join('_').endsWith('HOST_NAME')) return true
  return !otherWords.has(parts.at(-1) ?? '') && !holdsSecret(name) && parts.some(endsAsAddress)
}

/** Whether the value says where others reach its owner, or who may: `KAFKA_ADVERTISED_LISTENERS`, `CORS_ORIGIN`. */
export function declaresOwnAddress(name: string): boolean {
  const parts = partsOf(name)
  return parts.some((part) => ownAddressWords.has(part)) || parts.join('_').includes('NO_PROXY')
}

/** Whether nothing of the value may be kept that was not known before: `DB_PASSWORD`, `API_KEY_V2`, not `TOKEN_URL`. */
export function holdsSecret(name: string): boolean {
  const parts = partsOf(name)
  return parts.some((part) => secretWords.has(part)) && !endsAsAddress(parts.at(-1) ?? '')
}

function endsAsAddress(part: string): boolean {
  return addressEndings.some((ending) => part.endsWith(ending))
}

/** Upper-case words of a name in any style, without numbers at its end. */
function partsOf(name: string): string[] {
  const parts = name
    .slice(0, 200)
    .split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/)
    .filter((part) => part !== '')
    .map((part) => part.toUpperCase())
  while (parts.length > 1 && /^\d+$/.test(parts.at(-1) ?? '')) parts.pop()
  return parts
}

function words(list: string): string[] {
  return list.split(/\s+/)
}
