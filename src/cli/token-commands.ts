import type { Command } from 'commander'
import { parseConfig } from '../config.ts'

export interface TokenChoice {
  organization: string
  account?: string
}

export interface CreateTokenOptions {
  organization: string
  account: string
  createAccount?: true
  scopes?: string
  name: string
  expires: string
  from: string
}

export interface RevokeTokensOptions extends TokenChoice {
  token?: string
  all?: true
  yes?: true
}

/** `opentrace tokens create`, `list` and `revoke`: API tokens of service accounts without the dashboard. */
export function addTokenCommands(program: Command, environment: Record<string, string | undefined>): void {
  const tokens = program.command('tokens').description('make, see and end API tokens of service accounts')

  tokens
    .command('create')
    .description('generate a token; it alone is printed on standard output, once')
    .requiredOption('--organization <slug>', 'the organization')
    .requiredOption('--account <name>', 'the service account')
    .option('--create-account', 'make the service account when there is none of this name')
    .option(
      '--scopes <list>',
      'what the account made may do: "architecture:read", "architecture:ingest" or both',
    )
    .requiredOption('--name <name>', 'where the token is used, such as "GitHub Actions"')
    .option('--expires <when>', '30, 90 or 365 days, a day such as 2027-01-31, or never', '90')
    .option('--from <addresses>', 'addresses and CIDR blocks it may be used from, apart by commas', '')
    .action(async (options: CreateTokenOptions) => {
      const { createToken } = await import('./tokens.ts')
      await createToken(parseConfig(environment), options)
    })

  tokens
    .command('list')
    .description('print live tokens, never the tokens themselves')
    .requiredOption('--organization <slug>', 'the organization')
    .option('--account <name>', 'of this service account')
    .action(async (options: TokenChoice) => {
      const { listTokens } = await import('./tokens.ts')
      await listTokens(parseConfig(environment), options)
    })

  tokens
    .command('revoke')
    .description('end tokens at once; without --yes only print them')
    .requiredOption('--organization <slug>', 'the organization')
    .option('--account <name>', 'those of this service account')
    .option('--token <id>', 'this one, by the id that list prints')
    .option('--all', 'every token of the organization')
    .option('--yes', 'really end them')
    .action(async (options: RevokeTokensOptions) => {
      const { revokeTokens } = await import('./tokens.ts')
      await revokeTokens(parseConfig(environment), options)
    })
}
