import type { Config } from '../config.ts'
import { minuteOf } from '../domain/api-token-end.ts'
import { createDomain, type Domain } from '../domain/domain.ts'
import { DomainError } from '../domain/errors.ts'
import { filterSessions, type OwnedSession } from '../domain/session-filter.ts'
import { withOwners } from '../domain/session-owners.ts'
import { revokeSessions } from '../domain/session-revocation.ts'
import { openStore } from '../storage/open.ts'
import { printRows } from './rows.ts'
import type { RevokeOptions, SessionOptions } from './command-line.ts'

/** Prints the live client sessions that the options name, last used first. */
export async function listSessions(config: Config, options: SessionOptions): Promise<void> {
  await withSessions(config, options, (_domain, sessions) => {
    print(sessions)
    return Promise.resolve()
  })
}

/**
 * Ends the client sessions that the options name, beside a running server: each is refused at its next request.
 * Without `--yes` it only prints them.
 * @throws {DomainError} `invalid_input` without anything that says which; `conflict` when some could not be ended
 */
export async function revokeClientSessions(config: Config, options: RevokeOptions): Promise<void> {
  const { user, client, before, all, yes } = options
  if ((user ?? client ?? before ?? all) === undefined) {
    throw new DomainError('invalid_input', 'Say which: --user, --client, --before, or --all for every one.')
  }
  await withSessions(config, options, async ({ clientSessions }, sessions) => {
    print(sessions)
    if (sessions.length === 0) return
    if (!yes) return console.log(`Nothing was ended. Add --yes to end ${counted(sessions.length)}.`)
    const { ended, failed } = await revokeSessions(clientSessions, sessions, () => ({ kind: 'operator' }))
    console.log(`Ended ${counted(ended)}.`)
    if (failed > 0) {
      throw new DomainError(
        'conflict',
        `${counted(failed)} could not be ended: the store did not answer. Run the command again.`,
      )
    }
  })
}

async function withSessions(
  config: Config,
  options: SessionOptions,
  use: (domain: Domain, sessions: OwnedSession[]) => Promise<void>,
): Promise<void> {
  const startedBefore = options.before === undefined ? undefined : parseTime(options.before)
  const store = await openStore(config)
  try {
    const domain = createDomain({ store, now: Date.now })
    const sessions = await withOwners(domain.users, await findSessions(domain, options))
    await use(domain, filterSessions(sessions, { client: options.client, startedBefore }))
  } finally {
    await store.close()
  }
}

/** @throws {DomainError} `not_found` for an unknown organization or user */
async function findSessions(domain: Domain, { organization: slug, user: email }: SessionOptions) {
  const { organizations, users, clientSessions } = domain
  const organization = slug === undefined ? undefined : await organizations.findBySlug(slug)
  if (slug !== undefined && !organization) {
    throw new DomainError('not_found', `There is no organization "${slug}".`)
  }
  const user = email === undefined ? undefined : await users.findByEmail(email)
  if (email !== undefined && !user) {
    throw new DomainError('not_found', `There is no user with the address ${email}.`)
  }
  if (user) {
    const sessions = await clientSessions.listLive('user', user.id)
    return sessions.filter((session) => !organization || session.organizationId === organization.id)
  }
  if (organization) return clientSessions.listLive('organization', organization.id)
  throw new DomainError('invalid_input', 'Say whose: --organization, --user, or both.')
}

/** @throws {DomainError} `invalid_input`. A time without a zone is read as UTC, like all times that are shown. */
function parseTime(value: string): number {
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(value)
  const isDate = /^\d{4}-\d\d-\d\d$/.test(value)
  const time = Date.parse(hasZone || isDate ? value : `${value.replace(' ', 'T')}Z`)
  if (Number.isNaN(time)) {
    throw new DomainError('invalid_input', `"${value}" is no time. Write it as 2026-11-22T10:00, in UTC.`)
  }
  return time
}

function print(sessions: readonly OwnedSession[]): void {
  if (sessions.length === 0) return console.log('No live session matches.')
  const rows = sessions.map((session) => [
    session.id,
    session.user.email,
    [session.clientName, session.clientVersion].filter((part) => part !== undefined).join(' '),
    session.lastAddress,
    `since ${minuteOf(session.createdAt)}`,
    `used ${minuteOf(session.lastUsedAt)}`,
  ])
  printRows(rows)
}

function counted(sessions: number): string {
  return sessions === 1 ? '1 session' : `${sessions} sessions`
}
