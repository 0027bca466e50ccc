/** Shapes of host names, decided by the text alone. All take lower case. */

const ownHosts = new Set([
  'localhost',
  '0.0.0.0',
  'host.docker.internal',
  'cluster.local',
  'svc.cluster.local',
])
const fileEndings = new Set(
  `yaml yml json xml txt conf cfg ini log pem crt key jks p12 js ts py sh jar war html css sql db sock properties toml env
  so exe dll gz zip tar`.split(/\s+/),
)
const packageBeginnings = new Set(['com', 'org', 'net', 'io', 'java', 'javax', 'jakarta', 'kotlin'])

/** An IPv4 address, or DNS labels of which at least one has a letter. Docker's names may have underscores. */
export function isHostName(text: string): boolean {
  if (text.length > 253) return false
  const labels = withoutFinalDot(text).split('.')
  if (labels.length === 4 && labels.every((label) => /^\d{1,3}$/.test(label))) return true
  const areLabels = labels.every((label) => /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/.test(label))
  return areLabels && (/[a-z]/.test(labels[0] ?? '') || /^[a-z]/.test(labels.at(-1) ?? ''))
}

/** The machine itself, or the Kubernetes API: nothing of an architecture. */
export function isOwnHost(text: string): boolean {
  const host = withoutFinalDot(text)
  if (ownHosts.has(host) || host.endsWith('.localhost') || /^(?:127|169\.254)\./.test(host)) return true
  return host === 'kubernetes' || /^kubernetes\.default(?:\.svc(?:\.|$)|$)/.test(host)
}

/** `redis.shop.svc` and longer: can mean nothing but a Service. */
export function isClusterName(host: string): boolean {
  return /\.svc(?:\.|$)/.test(host)
}

/** `db.example.com`, not `settings.yaml`, `com.example.orders` or `v1.2`. */
export function isOutsideHost(host: string): boolean {
  const labels = host.split('.')
  const [first = ''] = labels
  const last = labels.at(-1) ?? ''
  return (
    labels.length > 1 && /^[a-z]{2,24}$/.test(last) && !fileEndings.has(last) && !packageBeginnings.has(first)
  )
}

/** RFC 2606 §3: what stands in samples of configuration until somebody fills in a name. */
export function isPlaceholder(host: string): boolean {
  return /(?:^|\.)example\.(?:com|net|org)$/.test(host)
}

/** `api.shop.` is `api.shop`, said to be complete. */
export function withoutFinalDot(host: string): string {
  return host.replace(/\.$/, '')
}
