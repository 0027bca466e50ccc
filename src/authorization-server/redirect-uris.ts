/** Hosts that only reach the user's own machine (RFC 8252 §7.3). Nothing else that resolves there counts: 127.1, 0x7f000001. */
const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Custom schemes of known editors; others must be reverse-domain names (RFC 8252 §7.1). */
const knownSchemes = new Set(['cursor:', 'vscode:', 'vscode-insiders:', 'windsurf:', 'zed:', 'claude:'])

export const maxRedirectUris = 20

/** Whether a redirect URI ends on the user's own machine: over loopback or by a custom scheme. */
export function isNativeRedirect(uri: string): boolean {
  return isLoopbackRedirect(uri) || !/^https?:/i.test(uri)
}

/** Whether a redirect URI is http on a loopback host, written plainly. */
export function isLoopbackRedirect(uri: string): boolean {
  const match = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?(?:[/?]|$)/.exec(uri)
  return match !== null
}

/** Why a redirect URI cannot be registered, as the end of a sentence; undefined when it can. */
export function refuseRedirectUri(uri: unknown): string | undefined {
  if (typeof uri !== 'string') return 'must contain only strings'
  const url = URL.parse(uri)
  if (!url) return `must contain only absolute URIs, and ${excerpt(uri)} is none`
  if (uri.length > 2000) return 'must not contain URIs over 2000 characters'
  // RFC 6749 §3.1.2.
  if (uri.includes('#')) return 'must not contain fragments'
  // http://known.example@evil.example/ reads as another host on the consent page.
  if (url.username || url.password || /^[a-z]+:\/\/[^/]*@/i.test(uri))
    return 'must not contain user information'
  // RFC 9700 §4.1.3: exact matching only.
  if (url.hostname.includes('*')) return 'must not contain wildcards'
  return refuseScheme(url, uri)
}

function refuseScheme(url: URL, uri: string): string | undefined {
  switch (url.protocol) {
    case 'https:':
      return loopbackHosts.has(url.hostname) ? 'must use http:// for loopback hosts' : undefined
    case 'http:':
      // RFC 9700 §2.6: the authorization response must not travel in the clear, except within the machine.
      return isLoopbackRedirect(uri)
        ? undefined
        : 'must use https://, or http:// with localhost, 127.0.0.1 or [::1] written plainly'
    default:
      return knownSchemes.has(url.protocol) || /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+:$/.test(url.protocol)
        ? undefined
        : `must not use the scheme ${url.protocol.slice(0, 40)}`
  }
}

/** Where a redirect goes, for people: its host, or its scheme for an application on this machine. */
export function redirectHost(uri: string): string {
  const url = new URL(uri)
  return url.host === '' || !/^https?:$/.test(url.protocol) ? url.protocol : url.host
}

/** The source expression that lets a form redirect there (CSP3 §6.7.2): an origin, or a scheme. */
export function formActionSource(uri: string): string {
  const url = new URL(uri)
  return /^https?:$/.test(url.protocol) ? url.origin : url.protocol
}

function excerpt(value: string): string {
  return JSON.stringify(value.slice(0, 60))
}
