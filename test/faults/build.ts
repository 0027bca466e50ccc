import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../../src/package.ts'

/** The compiled server, as it is or with a safeguard less. */
export interface Build {
  /** The command line of the server. */
  mainFile: string
  stoppingServerFile: string
  remove: () => Promise<void>
}

/** A place of the compiled server where a safeguard is taken out, to see that a run without it is not passed. */
interface Cut {
  file: string
  find: string
  replace: string
}

const mutations = {
  /**
   * Records are spent by a plain write, as in common adapters, so that all racing exchanges win: each gets a flight, and
   * each spends the code.
   */
  consume: [
    {
      file: 'storage/redis/artifacts.js',
      find: "if redis.call('HSETNX', KEYS[1], 'c', mark) == 1 then return 'first' end",
      replace: "if redis.call('HSET', KEYS[1], 'c', mark) >= 0 then return 'first' end",
    },
    { file: 'storage/sqlite/artifacts.js', find: ' and consumed_at is null', replace: '' },
  ],
  /** A spent refresh token is dead at once, so that the second of two processes is signed out. */
  grace: [
    {
      file: 'authorization-server/refresh-rotation.js',
      find: 'const replayMilliseconds = 60_000',
      replace: 'const replayMilliseconds = -1',
    },
  ],
  /** Nobody asks whether the user is still in the organization. */
  membership: [
    {
      file: 'mcp/bearer-token.js',
      find: 'members.find(session.organizationId, token.accountId)',
      replace: "{ role: 'member' }",
    },
  ],
} as const satisfies Record<string, readonly Cut[]>

export type MutationName = keyof typeof mutations

export function parseMutation(name: string): MutationName {
  const known = Object.keys(mutations) as MutationName[]
  const found = known.find((candidate) => candidate === name)
  if (found === undefined) throw new Error(`--mutation must be one of ${known.join(', ')}`)
  return found
}

/**
 * Gives the test build; with a mutation, a copy of it with one safeguard less.
 * @throws {Error} when the code to take out is not there any more
 */
export async function prepareBuild(mutation?: MutationName): Promise<Build> {
  const original = join(packageRoot(), '.test-build')
  if (mutation === undefined) return buildIn(original, () => Promise.resolve())
  const folder = join(original, `mutant-${process.pid}`)
  for (const part of ['src', 'test']) await cp(join(original, part), join(folder, part), { recursive: true })
  for (const { file, find, replace } of mutations[mutation]) {
    const path = join(folder, 'src', file)
    const code = await readFile(path, 'utf8')
    if (!code.includes(find)) throw new Error(`${file} has no "${find}" to take out`)
    await writeFile(path, code.replace(find, replace))
  }
  return buildIn(folder, () => rm(folder, { recursive: true, force: true }))
}

function buildIn(folder: string, remove: Build['remove']): Build {
  return {
    mainFile: join(folder, 'src', 'main.js'),
    stoppingServerFile: join(folder, 'test', 'faults', 'stopping-server.js'),
    remove,
  }
}
