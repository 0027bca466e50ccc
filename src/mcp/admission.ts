import type { AuthInfo } from '@modelcontextprotocol/server'
import type { Caller } from './tool-call.ts'

/** A request that was let in. */
export interface Admission {
  authInfo: AuthInfo
  /** What lets it in: a client session or an API token. */
  accessId: string
  /** Whether its principal is still in. @throws {StoreUnavailable} */
  isStillIn: () => Promise<boolean>
}

/** What the SDK hands on untouched. The token stays behind: nothing that gets this may pass it on. */
export function presentCaller(caller: Caller): AuthInfo {
  const { principal } = caller
  const clientId = principal.kind === 'user' ? principal.clientSession.clientId : principal.serviceAccount.id
  return { token: '', clientId, scopes: [...principal.scopes], extra: { caller } }
}

/** @throws {Error} when the request did not come through the endpoint */
export function requireCaller(authInfo: AuthInfo | undefined): Caller {
  const caller = authInfo?.extra?.['caller']
  if (caller === undefined) throw new Error('an MCP request reached the server without its caller')
  return caller as Caller
}
