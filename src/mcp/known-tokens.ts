import { sha256 } from '../domain/identifiers.ts'
import { accessIdOf } from '../domain/principal.ts'
import type { Artifacts, Documents } from '../storage/contract.ts'
import type { Presentation } from '../http/api-token.ts'
import type { Authentication } from '../http/authentication.ts'

type Acceptance = Extract<Authentication, { outcome: 'accepted' }>

interface KnownToken {
  acceptance: Acceptance
  /** SHA-256, where it rests on a grant. */
  grantHash: string | undefined
  /** Of all documents, asked for before they were read. */
  revision: string
  rememberedAt: number
}

export type KnownTokens = ReturnType<typeof createKnownTokens>

/** Nothing needs an end, but whatever was not thought of ends with it. */
const rememberedFor = 5 * 60_000
const mostTokens = 10_000

/**
 * Remembers whom tokens let in, so that a further request need not read it all again. Nothing remembered is believed
 * unasked: what an acceptance rests on is documents, whose common revision is compared at each request, the token of a
 * client and its grant, which are looked for each time, and time. So whatever ends is refused at the next request, on every process, as without
 * memory; and without the store nobody is let in.
 */
export function createKnownTokens(deps: { documents: Documents; artifacts: Artifacts; now: () => number }) {
  const { documents, artifacts, now } = deps
  /** By SHA-256 of the token, resource and address; in the order in which they were remembered. */
  const known = new Map<string, KnownToken>()

  /**
   * @param lookUp reads everything
   * @param expect told at once whose request it will turn out to be, if anybody's
   * @throws {StoreUnavailable}
   */
  async function authenticate(
    token: string,
    presentation: Presentation,
    {
      lookUp,
      expect,
    }: { lookUp: () => Promise<Authentication>; expect?: ((accessId: string) => void) | undefined },
  ): Promise<Authentication> {
    const tokenHash = sha256(token)
    const key = `${tokenHash}\n${presentation.resource.identifier}\n${presentation.address}`
    const remembered = known.get(key)
    // Asked before anything else is read: a commit in between then makes the revision another.
    const looking = remembered && isStillThere(tokenHash, remembered)
    const asking = documents.revision()
    if (remembered) expect?.(accessIdOf(remembered.acceptance.principal))
    const [revision, isThere] = await Promise.all([asking, looking])
    if (remembered && isThere && remembered.revision === revision && !isOver(remembered)) {
      return remembered.acceptance
    }
    known.delete(key)
    const authentication = await lookUp()
    if (authentication.outcome === 'accepted') remember(key, authentication, revision)
    return authentication
  }

  /**
   * Asks for both: what ends a grant leaves its tokens, which lead to the reason (see `storage-adapter.ts`), and a token may
   * be gone before its grant is. What lets others in than clients rests on documents alone.
   */
  async function isStillThere(tokenHash: string, { grantHash }: KnownToken): Promise<boolean> {
    if (grantHash === undefined) return true
    const [isToken, isGrant] = await Promise.all([
      artifacts.has('AccessToken', tokenHash),
      artifacts.has('Grant', grantHash),
    ])
    return isToken && isGrant
  }

  function isOver({ acceptance, rememberedAt }: KnownToken): boolean {
    return now() >= Math.min(acceptance.until, rememberedAt + rememberedFor)
  }

  function remember(key: string, acceptance: Acceptance, revision: string): void {
    const { grantId } = acceptance
    const grantHash = grantId === undefined ? undefined : sha256(grantId)
    known.set(key, { acceptance, grantHash, revision, rememberedAt: now() })
    const [oldest] = known.keys()
    if (known.size > mostTokens && oldest !== undefined) known.delete(oldest)
  }

  return { authenticate }
}
