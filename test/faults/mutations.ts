import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../../src/package.ts'

/** A safeguard taken out of the compiled server, to see that a run without it is not passed. */
interface Mutation {
  file: string
  find: string
  replace: string
}

const mutations = {
  /** A code is spent by a plain write, as in common adapters, so that all racing exchanges win. */
  consume: {
    file: 'storage/redis/artifacts.js',
    find: "if redis.call('HSETNX', KEYS[1], 'c', mark) == 1 then return 'first' end",
    replace: "if redis.call('HSET', KEYS[1], 'c', mark) >= 0 then return 'first' end",
  },
  /** A spent refresh token is dead at once, so that the second of two processes is signed out. */
  grace: {
    file: 'authorization-server/refresh-rotation.js',
    find: 'const replayMilliseconds = 60_000',
    replace: 'const replayMilliseconds = -1',
  },
  /** Nobody asks whether the user is still in the organization. */
  membership: {
    file: 'mcp/bearer-token.js',
    find: 'members.find(session.organizationId, token.accountId)',
    replace: "{ role: 'member' }",
  },
} as const satisfies Record<string, Mutation>

export type MutationName = keyof typeof mutations

export function parseMutation(name: string): MutationName {
  const known = Object.keys(mutations) as MutationName[]
  const found = known.find((candidate) => candidate === name)
  if (found === undefined) throw new Error(`--mutation must be one of ${known.join(', ')}`)
  return found
}

/**
 * Copies the compiled server of the test build with one safeguard less.
 * @throws {Error} when the code to take out is not there any more
 */
export async function buildMutant(
  name: MutationName,
): Promise<{ mainFile: string; remove: () => Promise<void> }> {
  const mutation: Mutation = mutations[name]
  const folder = join(packageRoot(), '.test-build', `mutant-${process.pid}`)
  await cp(join(packageRoot(), '.test-build', 'src'), folder, { recursive: true })
  const file = join(folder, mutation.file)
  const code = await readFile(file, 'utf8')
  if (!code.includes(mutation.find)) throw new Error(`${mutation.file} has no "${mutation.find}" to take out`)
  await writeFile(file, code.replace(mutation.find, mutation.replace))
  return { mainFile: join(folder, 'main.js'), remove: () => rm(folder, { recursive: true, force: true }) }
}
