import { entityRef, type Entity } from '../../model.ts'
import { attributeOf, type SpanAttributes } from './span.ts'

const tiers = new Set(['critical', 'high', 'medium', 'low'])
const longestName = 100

/**
 * The service that a resource names (OpenTelemetry semantic conventions, service, k8s and deployment). The namespace is
 * that of Kubernetes where it is told, since other sources know that one.
 * @returns undefined without a name: what SDKs put in its place would join services that have nothing in common
 */
export function readService(attributes: SpanAttributes): Entity | undefined {
  const name = presentableName(attributeOf(attributes, 'service.name'))
  if (name === undefined || /^unknown_service(?:$|:)/.test(name)) return undefined
  const namespace = presentableName(attributeOf(attributes, 'k8s.namespace.name', 'service.namespace'))
  const environment = environmentOf(
    attributeOf(attributes, 'deployment.environment.name', 'deployment.environment'),
  )
  const language = presentableName(attributeOf(attributes, 'telemetry.sdk.language'))
  const kind = language === 'webjs' ? 'website' : 'service'
  const tier = attributeOf(attributes, 'service.criticality')?.toLowerCase()
  const version = presentableName(attributeOf(attributes, 'service.version'))
  return {
    ref: entityRef({ kind, name, namespace, environment }),
    kind,
    name,
    ...(namespace !== undefined && { namespace }),
    ...(environment !== undefined && { environment }),
    aliases: [],
    attributes: {
      ...(language !== undefined && { language: language === 'webjs' ? 'javascript' : language }),
      ...(tier !== undefined && tiers.has(tier) && { tier }),
      ...(version !== undefined && { labels: { version } }),
    },
  }
}

/** Bounded, on one line, and without what separates the parts of a reference. */
export function presentableName(text: string | undefined): string | undefined {
  const name = text
    ?.replaceAll(/[\p{C}\s]+/gu, ' ')
    .replaceAll(/[/@]/g, '-')
    .trim()
    .slice(0, longestName)
  return name === '' ? undefined : name
}

/** As environments are named elsewhere; what cannot be one is none. */
function environmentOf(text: string | undefined): string | undefined {
  const name = text?.trim().toLowerCase()
  return name !== undefined && /^[a-z0-9][a-z0-9._-]{0,62}$/.test(name) ? name : undefined
}
