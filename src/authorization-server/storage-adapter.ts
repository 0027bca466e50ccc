import { type Adapter, type AdapterPayload, errors } from 'oidc-provider'
import {
  type Artifact,
  type Artifacts,
  GrantRevoked,
  type NewArtifact,
  StoreUnavailable,
} from '../storage/contract.ts'

/** A registration nobody used is forgotten after this long; consent prolongs it (see `clients.ts`). */
const unusedClientLifetime = 30 * 24 * 60 * 60 * 1000

export interface StorageAdapterDeps {
  artifacts: Artifacts
  now: () => number
}

/**
 * oidc-provider's Adapter on the store contract. Two rules are kept here because the library leaves them to its
 * adapter: a code is spent by compare-and-set (it checks `consumed` and then calls `consume()`, so with a plain write
 * racing exchanges all win), and identifiers, which are the tokens themselves, are not repeated in what is stored.
 */
export function createStorageAdapter({ artifacts, now }: StorageAdapterDeps): (model: string) => Adapter {
  return (model) => {
    function present(artifact: Artifact | undefined, id: string | undefined): AdapterPayload | undefined {
      if (!artifact) return undefined
      const { consumedAt } = artifact
      // Which use of a refresh token is one too many is decided before the library sees it (`refresh-rotation.ts`).
      const spent = consumedAt !== undefined && model !== 'RefreshToken'
      return {
        ...artifact.payload,
        ...(id === undefined || model === 'Client' ? {} : { jti: id }),
        ...(spent ? { consumed: Math.floor(consumedAt / 1000) } : {}),
      }
    }

    /** @throws {errors.SessionNotFound} */
    async function destroyOnce(id: string): Promise<void> {
      if ((await artifacts.consume(model, id, { graceSeconds: 0 })) !== 'first') {
        throw new errors.SessionNotFound('interaction session not found')
      }
      await artifacts.delete(model, id)
    }

    return {
      upsert: (id, payload, expiresIn) =>
        translateErrors(async () => {
          // Only clients are saved without a lifetime.
          const lifetime = expiresIn === undefined ? unusedClientLifetime : expiresIn * 1000
          await artifacts.put({
            model,
            id,
            payload: withoutIdentifiers(model, payload),
            expiresAt: now() + lifetime,
            ...indexes(model, payload),
          })
        }),
      find: (id) => translateErrors(async () => present(await artifacts.get(model, id), id)),
      findByUid: (uid) =>
        // The identifier of a sign-in found by its uid stays unknown: nothing but its cookie may carry it.
        translateErrors(async () => present(await artifacts.findByUid(model, uid), undefined)),
      findByUserCode: (userCode) =>
        translateErrors(async () => present(await artifacts.findByUserCode(model, userCode), undefined)),
      consume: (id) =>
        translateErrors(async () => {
          if (model === 'RefreshToken') return
          const consumption = await artifacts.consume(model, id, { graceSeconds: 0 })
          // RFC 6749 §4.1.2: a code is used once. Whoever lost the race is refused, and the winner's grant lives on:
          // a client that submits twice must not end its own session.
          if (consumption === 'replay' || consumption === 'missing') {
            throw new errors.InvalidGrant(`lost the race for a ${model}: ${consumption}`)
          }
        }),
      destroy: (id) =>
        translateErrors(async () => {
          if (model === 'Grant') await artifacts.revokeGrant(id)
          // The library finds an answered interaction and then destroys it: whoever loses that race gets no second code.
          else if (model === 'Interaction') await destroyOnce(id)
          // The library destroys a token only together with its grant, which is what ends it (see `indexes`).
          else if (model !== 'AccessToken' && model !== 'RefreshToken') await artifacts.delete(model, id)
        }),
      revokeByGrantId: (grantId) => translateErrors(() => artifacts.revokeGrant(grantId)),
    }
  }
}

/**
 * Of a grant only its own record is put under the grant, and dies with it. Codes and tokens stay until they expire:
 * every use of one asks for the Grant as well, and they lead to the record of who ended the session, which the client
 * is then told.
 */
function indexes(model: string, payload: AdapterPayload): Partial<NewArtifact> {
  return {
    ...(model === 'Grant' && payload.jti !== undefined ? { grantId: payload.jti } : {}),
    ...(model === 'Session' && payload.uid !== undefined ? { uid: payload.uid } : {}),
    ...(model === 'Session' && payload.accountId !== undefined ? { userId: payload.accountId } : {}),
  }
}

function withoutIdentifiers(model: string, payload: AdapterPayload): Record<string, unknown> {
  const { jti: _jti, ...rest } = payload
  if (model === 'Interaction' && rest.session?.cookie !== undefined) {
    const { cookie: _cookie, ...session } = rest.session
    return { ...rest, session }
  }
  return rest
}

/**
 * RFC 6749 §5.2 has no code for an outage, and clients forget their tokens on `invalid_grant`, `server_error` and a
 * bare 500; with 503 `temporarily_unavailable` Claude Code keeps them and recovers. Whatever oidc-provider calls and may
 * ask the store goes through here: any other error it answers as 500 `server_error`.
 */
export async function translateErrors<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    if (error instanceof StoreUnavailable) throw new TemporarilyUnavailable(error)
    if (error instanceof GrantRevoked) throw new errors.InvalidGrant('the grant was revoked')
    throw error
  }
}

/** The store cannot be reached; answered as 503 with Retry-After, never redirected. */
export class TemporarilyUnavailable extends errors.OIDCProviderError {
  override readonly error_description =
    'The server cannot reach its store right now. Try again in a few seconds.'
  override readonly allow_redirect = false
  constructor(cause: unknown) {
    super(503, 'temporarily_unavailable')
    this.expose = true
    this.cause = cause
  }
}
