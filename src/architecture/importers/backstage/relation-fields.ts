import type { EntityKind, RelationType } from '../../model.ts'
import { dependencyOn } from '../dependency-verbs.ts'

/** What a field of `spec` says about the entities it names. */
export interface RelationField {
  field: string
  /** Of references that do not name their kind. */
  defaultKind: string | undefined
  /** Whether the relation leads from the entity to the named one, or the other way. */
  direction: 'to' | 'from'
  type: (target: EntityKind) => RelationType
}

/** https://backstage.io/docs/features/software-catalog/well-known-relations/ */
export function relationFieldsOf(kind: string): readonly RelationField[] {
  return fieldsByKind[kind] ?? []
}

function to(field: string, defaultKind: string | undefined, type: RelationType): RelationField {
  return { field, defaultKind, direction: 'to', type: () => type }
}

function from(field: string, defaultKind: string | undefined, type: RelationType): RelationField {
  return { field, defaultKind, direction: 'from', type: () => type }
}

const owner = to('owner', 'group', 'owned_by')
const system = to('system', 'system', 'part_of')
const domain = to('domain', 'domain', 'part_of')
const dependencies: RelationField[] = [
  { field: 'dependsOn', defaultKind: undefined, direction: 'to', type: dependencyOn },
  { field: 'dependencyOf', defaultKind: undefined, direction: 'from', type: dependencyOn },
]

const fieldsByKind: Record<string, readonly RelationField[]> = {
  component: [
    owner,
    system,
    ...dependencies,
    to('subcomponentOf', 'component', 'part_of'),
    to('consumesApis', 'api', 'consumes_api'),
    // Who calls an API depends on who serves it, so this verb leads away from the API.
    from('providesApis', 'api', 'provided_by'),
  ],
  resource: [owner, system, ...dependencies],
  api: [owner, system],
  system: [owner, domain],
  domain: [owner, to('subdomainOf', 'domain', 'part_of')],
  group: [
    to('parent', 'group', 'part_of'),
    from('children', 'group', 'part_of'),
    from('members', 'user', 'part_of'),
  ],
  user: [to('memberOf', 'group', 'part_of')],
}
