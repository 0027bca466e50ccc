import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prepareBuild } from '../faults/build.ts'
import { killAtEachCall } from '../faults/kills.ts'

// On one store and at one moment, since dying before a call is dying after the one before it. `npm run test:faults --
// --kills`, a part of the gate, does both moments on both stores; it takes twice as long for each.
test('kill -9 after every store call of a rotation and of a code exchange: a retry signs in, and never are there two winners', async () => {
  assert.deepEqual(await killAtEachCall(await prepareBuild(), 'SQLite', ['after']), [])
})
