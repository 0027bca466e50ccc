/**
 * The path of ours to continue at after a sign-in, from an untrusted form field or query.
 * @returns undefined for anything a browser could read as another host: `//host`, `/\host`, `/..//host`, an absolute URL
 */
export function parseReturnPath(value: string | undefined): string | undefined {
  if (!value?.startsWith('/')) return undefined
  // Parsed as a browser does: WHATWG URLs drop tabs and newlines, read `\` as `/` and resolve dots.
  const base = 'http://here.invalid'
  const url = URL.canParse(value, base) ? new URL(value, base) : undefined
  if (url?.origin !== base || url.pathname.startsWith('//')) return undefined
  return url.pathname + url.search
}
