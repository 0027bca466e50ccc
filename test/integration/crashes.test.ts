import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { prepareBuild } from '../faults/build.ts'
import { killAtEachCall } from '../faults/kills.ts'
import { redisServerSkipReason } from '../support/redis.ts'

describe('kill -9 at every store call of a rotation and of a code exchange, and a retry at two processes', () => {
  for (const store of ['SQLite', 'Redis'] as const) {
    const skip = store === 'Redis' && redisServerSkipReason()
    test(`on ${store}: the client is signed in, and there are never two winners`, { skip }, async () => {
      // Dying before a call is dying after the one before it; `npm run test:faults -- --kills` does both.
      assert.deepEqual(await killAtEachCall(await prepareBuild(), store, ['after']), [])
    })
  }
})
