/**
 * Which web origins may send us requests. Browsers cannot lie about Origin, so this is what stops a page that was
 * rebound to our address, or any other page, from using a server it should not reach (MCP 2026-07-28,
 * Streamable HTTP, Security). On loopback every http loopback origin is one person's own machine: MCP Inspector.
 */
export function createAllowedOrigins(publicUrl: string): (origin: string) => boolean {
  const onLoopback = loopback.test(publicUrl)
  return (origin) => origin === publicUrl || (onLoopback && loopback.test(origin))
}

const loopback = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/
