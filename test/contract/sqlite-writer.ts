/** Run as a process of its own by `sqlite.test.ts`: commits documents to the file in argv until it is killed. */
import { createSqliteStore } from '../../src/storage/sqlite/store.ts'

const [, , file = '', name = ''] = process.argv
const store = await createSqliteStore({ file })
for (let n = 0; ; n += 1) {
  const id = `${name}-${n}`
  await store.documents.commit([
    { op: 'put', kind: 'thing', id, version: 0, data: { n }, unique: { id }, indexes: { name } },
  ])
  // Written synchronously: what the reader has seen was committed before.
  process.stdout.write(`${id}\n`)
}
