import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { StoreUnavailable } from '../../src/storage/contract.ts'
import { createArtifacts } from '../../src/storage/sqlite/artifacts.ts'
import { openDatabase } from '../../src/storage/sqlite/database.ts'
import { deleteExpired } from '../../src/storage/sqlite/reaper.ts'
import { createSqliteStore } from '../../src/storage/sqlite/store.ts'
import { someToken } from './subject.ts'

const storeModule = new URL('../../src/storage/sqlite/store.js', import.meta.url).href
const writerScript = fileURLToPath(new URL('./sqlite-writer.js', import.meta.url))

describe('the embedded store', () => {
  let directory = ''
  let files = 0
  const newFile = () => join(directory, `${(files += 1)}.db`)
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'opentrace-sqlite-'))
  })
  after(() => rm(directory, { recursive: true }))

  test('what two processes committed is there after kill -9, complete', async () => {
    const file = newFile()
    // Both open a new file at once, which is when the switch to WAL is contended.
    const acknowledged = (await Promise.all(['a', 'b'].map((name) => writeUntilKilled(file, name)))).flat()
    assert.ok(acknowledged.length > 20, `only ${acknowledged.length} writes before the kill`)
    const store = await createSqliteStore({ file })
    for (const id of acknowledged) {
      assert.equal((await store.documents.get('thing', id))?.id, id)
      assert.equal((await store.documents.findUnique('thing', 'id', id))?.id, id)
    }
    await store.close()
  })

  test('garbage collection does not close the file under a live store', async () => {
    // Statements alone do not keep a connection open; see `createDatabase`.
    const script = `
      const { createSqliteStore } = await import(${JSON.stringify(storeModule)})
      const { documents, close } = await createSqliteStore({ file: ':memory:' })
      for (let i = 0; i < 30; i += 1) {
        globalThis.gc()
        await new Promise(setImmediate)
        await documents.commit([{ op: 'put', kind: 'thing', id: String(i), version: 0, data: new Array(1000).fill(i) }])
      }
      await close()
      console.log('survived')`
    const args = ['--expose-gc', '--input-type=module', '--eval', script]
    assert.equal((await promisify(execFile)(process.execPath, args)).stdout.trim(), 'survived')
  })

  test('a file that cannot be opened, is locked or was closed is StoreUnavailable', async () => {
    await assert.rejects(createSqliteStore({ file: join(directory, 'absent', 'x.db') }), StoreUnavailable)
    const file = newFile()
    const [holder, other] = [await openDatabase(file), await openDatabase(file)]
    other.run('pragma busy_timeout = 10')
    holder.run('begin immediate')
    const artifacts = createArtifacts({ database: other, now: Date.now })
    await assert.rejects(artifacts.put(someToken()), StoreUnavailable)
    holder.run('commit')
    await artifacts.put(someToken())
    holder.close()
    other.close()
    await assert.rejects(artifacts.put(someToken()), StoreUnavailable)
  })

  test('on a full disk writes are StoreUnavailable, reads go on, and space returned is used', async () => {
    const database = await openDatabase(newFile())
    const artifacts = createArtifacts({ database, now: Date.now })
    const kept = someToken()
    await artifacts.put(kept)
    database.get('pragma max_page_count = 1')
    const large = someToken({ payload: { text: 'x'.repeat(1_000_000) } })
    await assert.rejects(artifacts.put(large), StoreUnavailable)
    assert.ok(await artifacts.get(kept.model, kept.id))
    database.get('pragma max_page_count = 100000')
    await artifacts.put(large)
    database.close()
  })

  test('only relaxed work skips the wait for the disk, each time', async () => {
    const database = await openDatabase(newFile())
    let reads = 0
    // SQLite answers this pragma when it is compiled, so each read needs a text of its own.
    const synchronous = () => database.get(`pragma synchronous -- ${(reads += 1)}`)
    for (let i = 0; i < 2; i += 1) {
      assert.deepEqual({ ...(database.relaxed(synchronous) as object) }, { synchronous: 1 })
      assert.deepEqual({ ...(synchronous() as object) }, { synchronous: 2 })
    }
    database.close()
  })

  test('a file of a newer version is refused', async () => {
    const file = newFile()
    const database = await openDatabase(file)
    database.run('pragma user_version = 99')
    database.close()
    await assert.rejects(createSqliteStore({ file }), /newer version/)
  })

  test('what has expired is deleted for good, batch by batch, and nothing else', async () => {
    const database = await openDatabase(':memory:')
    const now = Date.now()
    const artifacts = createArtifacts({ database, now: () => now })
    const kept = someToken({ expiresAt: now + 1 })
    await artifacts.put(kept)
    for (let i = 0; i < 501; i += 1) await artifacts.put(someToken({ expiresAt: now }))
    assert.equal(deleteExpired(database, 'artifact', now), 500)
    assert.equal(deleteExpired(database, 'artifact', now), 1)
    assert.equal(deleteExpired(database, 'artifact', now), 0)
    assert.ok(await artifacts.get(kept.model, kept.id))
    database.close()
  })
})

/** @returns the ids that were acknowledged before the process was killed */
async function writeUntilKilled(file: string, name: string): Promise<string[]> {
  const child = spawn(process.execPath, [writerScript, file, name], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  // By the number of writes, not by the time: a busy machine makes few in any.
  while (output.split('\n').length <= 15) await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')
  return output.split('\n').slice(0, -1)
}
