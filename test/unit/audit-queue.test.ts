import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createAuditQueue } from '../../src/domain/audit-queue.ts'
import { StoreUnavailable } from '../../src/storage/contract.ts'

function start(append: (organizationId: string, items: number[]) => Promise<void>) {
  const troubles: string[] = []
  const queue = createAuditQueue<number>({
    append,
    trouble: {
      waiting: (count) => troubles.push(`${count} wait`),
      lost: (count) => troubles.push(`${count} lost`),
    },
  })
  return { queue, troubles }
}

describe('What waits to be written to an audit log', () => {
  it('is written in its order, many at once, each organization apart', async () => {
    const written: [string, number[]][] = []
    const { queue } = start(async (organizationId, items) => void written.push([organizationId, items]))
    queue.add('a', 1)
    queue.add('b', 2)
    queue.add('a', 3)
    await queue.flush()
    assert.deepEqual(written, [
      ['a', [1, 3]],
      ['b', [2]],
    ])
    await queue.flush()
    assert.equal(written.length, 2)
  })

  it('outlasts a store that is out of reach, before what came later', async () => {
    const written: number[] = []
    let isUp = false
    const { queue, troubles } = start(async (_organizationId, items) => {
      if (!isUp) throw new StoreUnavailable('down')
      written.push(...items)
    })
    queue.add('a', 1)
    await queue.flush()
    queue.add('a', 2)
    isUp = true
    await queue.flush()
    assert.deepEqual(written, [1, 2])
    assert.deepEqual(troubles, ['1 wait'])
  })

  it('is lost beyond ten thousand, and said to be', async () => {
    const { queue, troubles } = start(() => Promise.reject(new StoreUnavailable('down')))
    for (let n = 0; n < 10_003; n++) queue.add('a', n)
    await queue.flush()
    assert.deepEqual(troubles, ['3 lost', '10000 wait'])
  })

  it('does not stop the others when some of it is a defect', async () => {
    const written: string[] = []
    const { queue, troubles } = start(async (organizationId) => {
      if (organizationId === 'a') throw new TypeError('defect')
      written.push(organizationId)
    })
    queue.add('a', 1)
    queue.add('b', 2)
    await queue.flush()
    assert.deepEqual([written, troubles], [['b'], ['1 lost']])
  })
})
