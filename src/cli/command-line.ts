import { Command } from 'commander'
import { ConfigError, parseConfig } from '../config.ts'
import { DomainError } from '../domain/errors.ts'
import { StoreUnavailable } from '../storage/contract.ts'
import { addTokenCommands } from './token-commands.ts'

/**
 * The commands of `opentrace`. They work beside a running server, on either store.
 * @returns the exit code: 0, or 1 with the reason on standard error
 */
export async function runCommandLine(
  argv: readonly string[],
  environment: Record<string, string | undefined>,
): Promise<number> {
  const program = new Command('opentrace')
    .description("Your organization's architecture behind an MCP endpoint that people sign in to")
    .configureHelp({ showGlobalOptions: true })

  program
    .command('serve')
    .description('run the server')
    .action(async () => {
      // Each command loads only what it needs: the server's libraries take most of a second.
      const { serve } = await import('./serve.ts')
      await serve(parseConfig(environment))
    })

  program
    .command('setup')
    .description('make the owner and the first organization; the password is read from standard input')
    .requiredOption('--email <address>', "the owner's e-mail address")
    .requiredOption('--organization <name>', 'name of the first organization')
    .option('--name <name>', "the owner's name; by default the part of the address before @")
    .option('--slug <slug>', 'short name in URLs; by default made from the name')
    .option('--sample', 'load the sample architecture')
    .action(async (options: SetUpOptions) => {
      const { setUp } = await import('./setup.ts')
      await setUp(parseConfig(environment), options)
    })

  program
    .command('organizations')
    .description('make organizations, also where ORGANIZATION_CREATION=operator')
    .command('create')
    .description('make an organization with its first owner')
    .requiredOption('--name <name>', 'name of the organization')
    .requiredOption('--owner <address>', 'e-mail address of a user, who becomes its owner')
    .option('--slug <slug>', 'short name in URLs; by default made from the name')
    .action(async (options: CreateOrganizationOptions) => {
      const { createOrganization } = await import('./organizations.ts')
      await createOrganization(parseConfig(environment), options)
    })

  program
    .command('doctor')
    .description('examine a running server as clients meet it; says what is broken and how to mend it')
    .argument('[address]', 'of the server or an MCP endpoint; by default PUBLIC_URL, with its Redis')
    .option('--token <token>', 'also call a tool with this bearer token; by default OPENTRACE_API_TOKEN')
    .option('--json', 'print JSON')
    .action(async (address: string | undefined, options: DoctorOptions) => {
      const { runDoctor } = await import('./doctor.ts')
      await runDoctor(address, options, environment)
    })

  addImportCommands(program, environment)
  addSessionCommands(program, environment)
  addTokenCommands(program, environment)
  addUserCommands(program, environment)

  try {
    await program.parseAsync(argv)
    return 0
  } catch (error) {
    if (error instanceof ConfigError) {
      console.error(error.problems.map((problem) => `error: ${problem}`).join('\n'))
    } else if (error instanceof DomainError) {
      console.error(`error: ${error.message}`)
    } else if (error instanceof StoreUnavailable) {
      console.error(`error: the store cannot be reached: ${error.message}`)
    } else {
      throw error
    }
    return 1
  }
}

/** `opentrace import` and `sources`: where the architecture comes from. */
function addImportCommands(program: Command, environment: Record<string, string | undefined>): void {
  program
    .command('import')
    .description('read an architecture from files and folders: each file tells what it is')
    .requiredOption('--organization <slug>', 'the organization')
    .option(
      '--source <name>',
      'a name for these files; importing it again replaces it; by default their kind',
    )
    .option('--type <type>', 'read all files as this, such as kubernetes')
    .option('--environment <name>', 'what they describe runs there, such as production')
    .option('--dry-run', 'only print what would change')
    .argument('<paths...>', 'files, or folders without what their .opentraceignore names')
    .action(async (paths: string[], options: ImportOptions) => {
      const { importFiles } = await import('./import.ts')
      await importFiles(parseConfig(environment), paths, options)
    })

  const sources = program.command('sources').description('see and remove what the architecture comes from')
  sources
    .command('list')
    .description('print the sources of an organization')
    .requiredOption('--organization <slug>', 'the organization')
    .action(async (options: SourceOptions) => {
      const { listSources } = await import('./import.ts')
      await listSources(parseConfig(environment), options)
    })
  sources
    .command('remove')
    .description('remove all that a source said')
    .requiredOption('--organization <slug>', 'the organization')
    .argument('<source>', 'name of the source')
    .action(async (source: string, options: SourceOptions) => {
      const { removeSource } = await import('./import.ts')
      await removeSource(parseConfig(environment), source, options)
    })
}

/** `opentrace sessions list` and `revoke`, for the operator at night. */
function addSessionCommands(program: Command, environment: Record<string, string | undefined>): void {
  const sessions = program.command('sessions').description('see and end the sessions of connected clients')
  chosen(sessions.command('list').description('print live sessions')).action(
    async (options: SessionOptions) => {
      const { listSessions } = await import('./sessions.ts')
      await listSessions(parseConfig(environment), options)
    },
  )

  chosen(sessions.command('revoke').description('end sessions; without --yes only print them'))
    .option('--all', 'every session of the organization')
    .option('--yes', 'really end them')
    .action(async (options: RevokeOptions) => {
      const { revokeClientSessions } = await import('./sessions.ts')
      await revokeClientSessions(parseConfig(environment), options)
    })
}

/** `opentrace users …`: for whoever is locked out, or has to be. */
function addUserCommands(program: Command, environment: Record<string, string | undefined>): void {
  const users = program.command('users').description('help people in, or keep them out')
  users
    .command('reset-password')
    .description('print a link that sets a new password, once, within 24 hours')
    .argument('<address>', 'e-mail address of the user')
    .action(async (address: string) => {
      const { printResetLink } = await import('./users.ts')
      await printResetLink(parseConfig(environment), address)
    })
  users
    .command('suspend')
    .description('refuse a user everything, and end all sign-ins and client sessions')
    .argument('<address>', 'e-mail address of the user')
    .action(async (address: string) => {
      const { suspendUser } = await import('./users.ts')
      await suspendUser(parseConfig(environment), address)
    })
  users
    .command('restore')
    .description('let a suspended user sign in again')
    .argument('<address>', 'e-mail address of the user')
    .action(async (address: string) => {
      const { restoreUser } = await import('./users.ts')
      await restoreUser(parseConfig(environment), address)
    })
}

function chosen(command: Command): Command {
  return command
    .option('--organization <slug>', 'of this organization')
    .option('--user <address>', 'of the user with this e-mail address')
    .option('--client <name>', 'of this client, by name or client_id')
    .option('--before <time>', 'begun before this time, such as 2026-11-22T10:00 (UTC)')
}

export interface SetUpOptions {
  email: string
  organization: string
  name?: string
  slug?: string
  sample?: true
}

export interface CreateOrganizationOptions {
  name: string
  owner: string
  slug?: string
}

export interface SourceOptions {
  organization: string
}

export interface ImportOptions extends SourceOptions {
  source?: string
  type?: string
  environment?: string
  dryRun?: true
}

export interface DoctorOptions {
  token?: string
  json?: true
}

export interface SessionOptions {
  organization?: string
  user?: string
  client?: string
  before?: string
}

export interface RevokeOptions extends SessionOptions {
  all?: true
  yes?: true
}
