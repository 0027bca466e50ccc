/** Endings that announce an address, with or without a separator before: `DB_HOST`, `PGHOST`. */
const addressEndings =
  words(`HOST HOSTS HOSTNAME ADDR ADDRS ADDRESS ADDRESSES URL URLS URI URIS ENDPOINT ENDPOINTS
  SERVER SERVERS SERVICE SERVICES SVC BROKER BROKERS BOOTSTRAP DSN UPSTREAM UPSTREAMS SEEDS PEERS NODES POINTS CONNECT`)
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

/** What the name of a variable or flag says about its value. */
export interface NameMeaning {
  /** `CART_SERVICE_ADDR`, `PGHOST`, `spring.redis.host`, not `SERVICE_ACCOUNT`. Decides where a value is one bare word. */
  suggestsAddress: boolean
  /** The value says where others reach its owner, or who may: `KAFKA_ADVERTISED_LISTENERS`, `CORS_ORIGIN`. */
  declaresOwnAddress: boolean
  /** Nothing of the value may be kept that was not known before: `DB_PASSWORD`, `API_KEY_V2`, not `TOKEN_URL`. */
  holdsSecret: boolean
}

/** For values without a name. */
export const meaningless: NameMeaning = {
  suggestsAddress: false,
  declaresOwnAddress: false,
  holdsSecret: false,
}

/** Reads a name in any style. */
export function meaningOf(name: string): NameMeaning {
  const parts = partsOf(name)
  const joined = parts.join('_')
  const last = parts.at(-1) ?? ''
  const holdsSecret = parts.some((part) => secretWords.has(part)) && !endsAsAddress(last)
  const saysOther = otherWords.has(last) && !joined.endsWith('HOST_NAME')
  // `ConnectionStrings__EventBus`: what stands behind is the name of a connection, whatever word it is.
  const isConnection = joined.includes('CONNECTION_STRING')
  return {
    suggestsAddress: !holdsSecret && (isConnection || (!saysOther && parts.some(endsAsAddress))),
    declaresOwnAddress: parts.some((part) => ownAddressWords.has(part)) || joined.includes('NO_PROXY'),
    holdsSecret,
  }
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
