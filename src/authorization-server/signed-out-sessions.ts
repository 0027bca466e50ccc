import type { Adapter, AdapterPayload } from 'oidc-provider'
import { isSignedOut, type Users } from '../domain/users.ts'
import { translateErrors } from './storage-adapter.ts'

/**
 * Hides browser sign-ins that their user ended from afar, wherever oidc-provider looks one up: for the library, as for
 * the dashboard, they are gone, and the next page asks to sign in.
 */
export function hideSignedOut(
  adapterOf: (model: string) => Adapter,
  { users }: { users: Users },
): (model: string) => Adapter {
  async function ifLive(payload: AdapterPayload | undefined | void): Promise<AdapterPayload | undefined> {
    const accountId = payload?.accountId
    if (!payload || !accountId) return payload ?? undefined
    const user = await translateErrors(() => users.find(accountId))
    return user && isSignedOut(user, { uid: payload.uid, loginTs: payload.loginTs }) ? undefined : payload
  }

  return (model) => {
    const adapter = adapterOf(model)
    if (model !== 'Session') return adapter
    return {
      ...adapter,
      find: async (id) => ifLive(await adapter.find(id)),
      findByUid: async (uid) => ifLive(await adapter.findByUid(uid)),
    }
  }
}
