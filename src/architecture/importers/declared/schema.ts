import { z } from 'zod'
import { dependencyTypes, entityKinds, relationTypes } from '../../model.ts'

/** What a person may call an entity; anything else would not survive in references such as `kind:namespace/name`. */
const namePattern = /^[A-Za-z0-9][\w.-]{0,99}$/
/** Kinds that can be declared: what is unresolved is so because nobody declares it. */
export const declaredKinds = entityKinds.filter((kind) => kind !== 'unresolved')

const referencePattern = new RegExp(
  `^(?:(?:${declaredKinds.join('|')}):)?(?:[A-Za-z0-9][\\w.-]{0,99}/)?[A-Za-z0-9][\\w.-]{0,99}$`,
)

const name = z.string().regex(namePattern, 'must be letters, digits, dots, dashes and underscores')
const reference = z
  .string()
  .regex(
    referencePattern,
    `must be a name, kind:name or kind:namespace/name, the kind one of ${declaredKinds.join(', ')}`,
  )
  .meta({
    description: 'Name of an entity, or kind:name, or kind:namespace/name where the name alone is not clear.',
  })
const line = z.string().min(1).max(500)

const dependency = z.union([
  reference,
  z.strictObject({
    to: reference,
    relation: z.enum(relationTypes).optional().meta({
      description: 'How it is used; by default what its kind suggests, such as reads_writes for a database.',
    }),
    description: line.optional().meta({ description: 'What for, in a few words.' }),
  }),
])
const dependencies = z.array(dependency).max(500)

/** One key for each verb, so that `calls: [payments]` can be written. */
const verbs = Object.fromEntries(
  dependencyTypes.map((type) => [type, dependencies.optional().meta({ description: describeVerb(type) })]),
) as Record<(typeof dependencyTypes)[number], z.ZodOptional<typeof dependencies>>

function describeVerb(type: string): string {
  return type === 'depends_on'
    ? 'What this needs to work; how it uses it follows from the kind, or from `relation`.'
    : `What this ${type.replaceAll('_', ' ')}.`
}

const link = z.strictObject({
  title: line.optional(),
  url: z
    .string()
    .max(500)
    .regex(/^https?:\/\/[^\s@<>"']+$/i, 'must be an address with http or https'),
})

const entity = z.strictObject({
  name,
  kind: z.enum(declaredKinds).optional().meta({ description: 'By default service.' }),
  namespace: name.optional().meta({ description: 'Tells entities of one name apart, as in Kubernetes.' }),
  description: line.optional(),
  aliases: z.array(line).max(50).optional().meta({ description: 'Other names it is found by.' }),
  tags: z.array(z.string().min(1).max(63)).max(50).optional(),
  technology: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .meta({ description: 'Product behind it, such as postgres.' }),
  language: z.string().min(1).max(63).optional().meta({ description: 'Programming language.' }),
  lifecycle: z
    .string()
    .min(1)
    .max(50)
    .optional()
    .meta({ description: 'Such as experimental, production, deprecated.' }),
  tier: z
    .enum(['critical', 'high', 'medium', 'low'])
    .optional()
    .meta({ description: 'How much hangs on it.' }),
  replicas: z.number().int().min(0).max(100_000).optional(),
  form: z.string().min(1).max(50).optional().meta({ description: 'Of an API, such as openapi or grpc.' }),
  links: z.array(link).max(20).optional(),
  repository: z
    .string()
    .max(500)
    .optional()
    .meta({ description: 'Where its source is: https://github.com/org/repository, or org/repository.' }),
  owner: reference.optional().meta({ description: 'A team, or user:name.' }),
  system: reference.optional().meta({ description: 'The system it is part of.' }),
  part_of: z
    .array(reference)
    .max(50)
    .optional()
    .meta({ description: 'Whatever else it is part of, with its kind.' }),
  ...verbs,
})

/** A file that a person writes to declare a part of the architecture. */
export const declaredFile = z.strictObject({
  $schema: z.string().max(500).optional(),
  opentrace: z.literal(1).meta({ description: 'Version of this format.' }),
  environment: name.optional().meta({ description: 'Where what runs of this runs, such as production.' }),
  entities: z.array(entity).max(5_000),
})
/** See {@link declaredFile}. */
export type DeclaredFile = z.infer<typeof declaredFile>
/** One item of `entities`. */
export type DeclaredEntity = DeclaredFile['entities'][number]

/** The format as JSON Schema, for editors; docs/opentrace.schema.json is kept equal to it by a test. */
export function declaredJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(declaredFile, { io: 'input', reused: 'ref' }),
    title: 'OpenTrace declaration',
    description: 'Entities of an architecture and what they depend on, as a person declares them.',
  }
}
