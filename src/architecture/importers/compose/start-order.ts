import { recordAt } from '../untyped-values.ts'
import { itemsOf, type ComposePlace, type ComposeService } from './services.ts'

/** One of the services that `depends_on` names. */
export interface Predecessor {
  target: string
  /** It has to have ended, as a migration does, and cannot be used afterwards. */
  untilEnd: boolean
  at: ComposePlace
}

/** https://docs.docker.com/reference/compose-file/services/#depends_on, as a list or as a map. */
export function startsAfter(service: ComposeService): Predecessor[] {
  return itemsOf(service, 'depends_on').map(({ key, value, at }) => ({
    target: key,
    untilEnd: recordAt(value)['condition'] === 'service_completed_successfully',
    at,
  }))
}
