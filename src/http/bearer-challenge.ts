/** A `WWW-Authenticate` header for bearer tokens (RFC 6750 §3). */
export function bearerChallenge(parameters: Record<string, string>): string {
  const list = Object.entries(parameters).map(([name, value]) => `${name}="${quotable(value)}"`)
  return list.length === 0 ? 'Bearer' : `Bearer ${list.join(', ')}`
}

/** RFC 6750 §3: printable ASCII without `"` and `\`. Names of organizations may hold anything. */
function quotable(value: string): string {
  return value
    .normalize('NFKD')
    .replaceAll(/\p{Mn}/gu, '')
    .replaceAll(/["\\]/g, "'")
    .replaceAll(/[^\u0020-\u007e]/g, '?')
}
