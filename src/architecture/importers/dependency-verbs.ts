import type { EntityKind, RelationType } from '../model.ts'
import { relationTo } from './technologies.ts'

/** The verb for depending on something of this kind: what a person or a catalog does not tell stays `depends_on`. */
export function dependencyOn(kind: EntityKind): RelationType {
  if (kind === 'library') return 'uses_library'
  if (kind === 'api') return 'consumes_api'
  const type = relationTo(kind, undefined)
  return type === 'calls' ? 'depends_on' : type
}
