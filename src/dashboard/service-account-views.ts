import { expiresSoonWithin } from '../domain/api-token-expiry.ts'
import type { ApiTokenEnd } from '../domain/api-token-end.ts'
import { type ApiTokenView, endOf, isLive, isUnused } from '../domain/api-tokens.ts'
import type { Actor } from '../domain/audit-log.ts'
import type { Scope } from '../domain/principal.ts'
import type { ServiceAccount } from '../domain/service-accounts.ts'
import { presentMoment } from '../http/moment.ts'
import type { ApiTokenRow, ServiceAccountRow } from '../http/service-account-view-data.ts'
import type { SelectOption } from '../http/view-data.ts'

/** Whoever made an account or a token, as far as they are still known. */
export interface Maker {
  name: string
  /** They are no member of the organization any more. */
  hasLeft: boolean
}

/** Finds who an actor is. */
export type FindMaker = (actor: Actor) => Maker

/** @param base path of the list of service accounts */
export function presentServiceAccount(
  account: ServiceAccount,
  tokens: readonly ApiTokenView[],
  { base, findMaker, now }: { base: string; findMaker: FindMaker; now: number },
): ServiceAccountRow {
  const live = tokens.filter((token) => isLive(token, now))
  const lastUsedAt = Math.max(...tokens.map((token) => token.lastUsedAt ?? 0))
  return {
    href: `${base}/${account.id}`,
    name: account.name,
    description: account.description,
    scopes: account.scopes,
    isDisabled: account.disabled !== undefined,
    liveTokens: live.length,
    createdAt: presentMoment(account.createdAt, now),
    createdBy: findMaker(account.createdBy).name,
    lastUsedAt: lastUsedAt > 0 ? presentMoment(lastUsedAt, now) : undefined,
    expiringTokens: live.filter((token) => expiresSoon(token, now)).length,
    unusedTokens: live.filter((token) => isUnused(token, now)).length,
  }
}

/** What an account may do, as the form lets it be chosen. @param chosen as in the form; empty: the first */
export function presentScopeChoices(chosen: string): SelectOption[] {
  const choices: [readonly Scope[], string][] = [
    [['architecture:read'], 'Read the architecture'],
    [['architecture:ingest'], 'Send traces, and read nothing'],
    [['architecture:read', 'architecture:ingest'], 'Read the architecture and send traces'],
  ]
  return choices.map(([scopes, label]) => {
    const value = scopes.join(' ')
    return { value, label, selected: value === chosen }
  })
}

/** A token in the list of its account. */
export function presentApiToken(
  token: ApiTokenView,
  { findMaker, now }: { findMaker: FindMaker; now: number },
): ApiTokenRow {
  const { lastUsedAt, lastAddress, lastUserAgent, lastTool, expiresAt, ended } = token
  const maker = findMaker(token.createdBy)
  const live = isLive(token, now)
  return {
    id: token.id,
    name: token.name,
    addresses: token.addresses,
    createdAt: presentMoment(token.createdAt, now),
    createdBy: maker.name,
    makerHasLeft: live && maker.hasLeft,
    expiresAt: expiresAt === undefined ? undefined : presentMoment(expiresAt, now),
    expiresSoon: live && expiresSoon(token, now),
    isUnused: live && isUnused(token, now),
    lastUse:
      lastUsedAt === undefined
        ? undefined
        : { at: presentMoment(lastUsedAt, now), address: lastAddress, client: lastUserAgent, tool: lastTool },
    isLive: live,
    isRotated: live && ended !== undefined,
    endsAt: Number.isFinite(endOf(token)) ? presentMoment(endOf(token), now) : undefined,
    end: live ? undefined : wordsOf(token),
  }
}

/** Within seven days, unless it was rotated: then it ends as somebody chose. */
function expiresSoon({ expiresAt, ended }: ApiTokenView, now: number): boolean {
  return expiresAt !== undefined && ended === undefined && expiresAt < now + expiresSoonWithin
}

const reasons = {
  revoked: 'revoked',
  rotated: 'rotated',
  leaked: 'reported as leaked',
  account_deleted: 'its account was deleted',
  maker_left: 'its maker left',
} as const satisfies Record<ApiTokenEnd['reason'], string>

function wordsOf({ ended, expiresAt }: ApiTokenView): string {
  if (!ended || (expiresAt !== undefined && expiresAt < ended.at)) return 'expired'
  return ended.name === undefined ? reasons[ended.reason] : `${reasons[ended.reason]} by ${ended.name}`
}
