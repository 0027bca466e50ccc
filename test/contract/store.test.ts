import { after, before, describe } from 'node:test'
import type { Store } from '../../src/storage/contract.ts'
import { artifactRules } from './artifact-rules.ts'
import { blobRules } from './blob-rules.ts'
import { busRules } from './bus-rules.ts'
import { documentRules } from './document-rules.ts'
import { type RunningEngine, engines } from './engines.ts'
import { grantRules } from './grant-rules.ts'
import { limiterRules } from './limiter-rules.ts'
import { logRules } from './log-rules.ts'
import { secrecyRules } from './secrecy-rules.ts'
import type { Subject } from './subject.ts'

for (const { name, skip, start } of engines) {
  describe(`the store contract on ${name}`, { skip }, () => {
    let engine: RunningEngine | undefined
    let store: Store | undefined
    let neighbour: Store | undefined
    before(async () => {
      engine = await start()
      store = await engine.open()
      neighbour = await engine.openNeighbour?.()
    })
    after(async () => {
      await store?.close()
      await neighbour?.close()
      await engine?.stop()
    })
    const subject = (): Subject => {
      if (!store) throw new Error('the engine did not start')
      return { store, neighbour, dump: engine?.dump }
    }
    describe('artifacts', () => artifactRules(subject))
    describe('grants', () => grantRules(subject))
    describe('documents', () => documentRules(subject))
    describe('logs', () => logRules(subject))
    describe('limiter', () => limiterRules(subject))
    describe('bus', () => busRules(subject))
    describe('blobs', () => blobRules(subject))
    describe('secrecy', () => secrecyRules(subject))
  })
}
