import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { z } from 'zod'
import { createArchitecture } from '../architecture/architecture.ts'
import { presentImport } from '../architecture/import-record.ts'
import type { Config } from '../config.ts'
import { createDomain } from '../domain/domain.ts'
import { DomainError } from '../domain/errors.ts'
import { NewOrganization, suggestSlug } from '../domain/organizations.ts'
import { NewUser } from '../domain/users.ts'
import { openStore } from '../storage/open.ts'
import type { SetUpOptions } from './command-line.ts'

/** Makes the owner and the first organization without a browser; the password comes from standard input. */
export async function setUp(config: Config, options: SetUpOptions): Promise<void> {
  const user = parse(NewUser, {
    email: options.email,
    name: options.name ?? options.email.split('@', 1)[0],
    password: await readPassword(),
  })
  const organization = parse(NewOrganization, {
    name: options.organization,
    slug: options.slug ?? suggestSlug(options.organization),
  })
  const store = await openStore(config)
  try {
    const { firstRun, auditLog } = createDomain({ store, now: Date.now })
    const made = await firstRun.complete({ user, organization })
    console.log(`Made ${made.user.email} the owner of ${made.organization.name} (${made.organization.slug}).`)
    if (options.sample) {
      const architecture = createArchitecture({ blobs: store.blobs, now: Date.now })
      const imported = await architecture.importSample(made.organization.id)
      const { entities, relations } = imported
      await auditLog.append(made.organization.id, presentImport(imported, { actor: { kind: 'operator' } }))
      console.log(`Loaded the sample architecture: ${entities} entities, ${relations} relations.`)
    }
    console.log(`Sign in at ${config.publicUrl}/sign-in, or connect Claude Code:
  claude mcp add --transport http opentrace ${config.publicUrl}/mcp/v1
  claude mcp login opentrace`)
  } finally {
    await store.close()
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new DomainError('invalid_input', problems.join('\nerror: '))
}

/** One line of standard input; at a terminal it is asked for and not echoed. */
async function readPassword(): Promise<string> {
  const terminal = process.stdin.isTTY
  if (terminal) process.stderr.write('Password: ')
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal })
  try {
    for await (const line of lines) return line
    return ''
  } finally {
    lines.close()
    if (terminal) process.stderr.write('\n')
  }
}
