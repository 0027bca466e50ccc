import { entityRef, type ClaimedEvidence, type EntityAttributes, type EntityKind } from '../../model.ts'
import { isWebAddress, oneLine } from '../presentable-text.ts'
import { recordAt, textRecord } from '../untyped-values.ts'
import type { NodePath } from '../yaml-documents.ts'
import type { Manifest } from './manifest-reader.ts'

/** A label or annotation that says something about what bears it. */
export interface Fact {
  key: string
  value: string
  manifest: Manifest
  path: NodePath
}

/** Conventions: kubernetes.io/docs/reference/labels-annotations-taints, a8r.io, argo-cd external links, Backstage. */
const keptLabels = [
  'app.kubernetes.io/component',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/managed-by',
  'app.kubernetes.io/part-of',
  'app.kubernetes.io/version',
  'team',
  'tier',
]
const descriptionKeys = ['kubernetes.io/description', 'a8r.io/description', 'description']
const systemKey = 'app.kubernetes.io/part-of'
const backstageKey = 'backstage.io/kubernetes-id'
const instanceKey = 'app.kubernetes.io/instance'
/** Last parts of keys, whatever organization stands before: `example.com/team`. */
const ownerWords = ['owner', 'owned-by', 'team', 'squad']
const tierWords = ['criticality', 'tier']
const tiers = ['critical', 'high', 'medium', 'low']
const linkWords =
  /^(?:a8r\.io\/(?:bugs|chat|dependencies|documentation|incidents|logs|performance|repository|runbook|support|uptime)|link\.argocd\.argoproj\.io\/[\w.-]{1,63})$/

const labelValue = /^[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/
const mailAddress = /^[\w.+-]{1,64}@[\w.-]{1,190}$/

/** @returns what labels and annotations of an object and of its pods say, the most telling place first. */
export function readFacts(manifest: Manifest, templatePath?: readonly string[]): Fact[] {
  const places = ['labels', 'annotations'].flatMap((field) => [
    ['metadata', field],
    ...(templatePath === undefined || templatePath.length === 0
      ? []
      : [[...templatePath, 'metadata', field]]),
  ])
  return places.flatMap((path) =>
    Object.entries(textRecord(recordAt(manifest.data, ...path)))
      .filter(([key]) => isTelling(key))
      .map(([key, value]) => ({ key, value, manifest, path: [...path, key] })),
  )
}

function isTelling(key: string): boolean {
  return (
    keptLabels.includes(key) ||
    descriptionKeys.includes(key) ||
    key === backstageKey ||
    linkWords.test(key) ||
    [...ownerWords, ...tierWords].includes(lastPart(key))
  )
}

/** What facts say that nobody follows as a relation. */
export function describeBy(facts: readonly Fact[]): {
  description: string | undefined
  attributes: Pick<EntityAttributes, 'labels' | 'links' | 'tier'>
} {
  const labels = keptLabels.flatMap((key) => {
    const value = valueOf(facts, key)
    return value !== undefined && labelValue.test(value) ? [[key, value] as const] : []
  })
  const links = facts.flatMap(({ key, value }) =>
    linkWords.test(key) && isWebAddress(value) ? [{ title: lastPart(key), url: value }] : [],
  )
  const tier = facts.find(({ key, value }) => tierWords.includes(lastPart(key)) && tiers.includes(value))
  return {
    description: descriptionKeys.flatMap((key) => oneLine(valueOf(facts, key)) ?? [])[0],
    attributes: {
      labels: labels.length === 0 ? undefined : Object.fromEntries(labels),
      links: links.length === 0 ? undefined : links.slice(0, 10),
      tier: tier?.value,
    },
  }
}

/**
 * Names that labels give to what is called `names`: Backstage's, and names without the release that Helm puts before
 * them.
 */
export function namesBy(facts: readonly Fact[], names: readonly string[]): string[] {
  const release = valueOf(facts, instanceKey)
  const prefix = `${release}-`
  const short = names.flatMap((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : []))
  const backstage = valueOf(facts, backstageKey)
  return [...(backstage === undefined ? [] : [backstage]), ...short].filter((name) => labelValue.test(name))
}

/** To whom or what an entity belongs. */
export interface Belonging {
  entity: { ref: string; kind: EntityKind; name: string }
  type: 'part_of' | 'owned_by'
  evidence: ClaimedEvidence
}

/** A chart that says it is part of itself says nothing, so systems named as what is in them are left out. */
export function belongingsBy(facts: readonly Fact[], names: readonly string[]): Belonging[] {
  const system = facts.find(({ key, value }) => key === systemKey && labelValue.test(value))
  const owner = facts.find(
    ({ key, value }) =>
      ownerWords.includes(lastPart(key)) && (labelValue.test(value) || mailAddress.test(value)),
  )
  return [
    ...(system === undefined || names.includes(system.value) ? [] : [belonging('system', 'part_of', system)]),
    ...(owner === undefined
      ? []
      : [belonging(owner.value.includes('@') ? 'user' : 'team', 'owned_by', owner)]),
  ]
}

function belonging(kind: EntityKind, type: Belonging['type'], fact: Fact): Belonging {
  const { key, value: name, manifest, path } = fact
  const field = `${path.at(-2)} ${key}`.slice(0, 120)
  const place = { file: manifest.file, line: manifest.lineOf(path), field }
  const evidence = { method: 'label', place, basis: 'declared' } as const
  return { entity: { ref: entityRef({ kind, name }), kind, name }, type, evidence }
}

function valueOf(facts: readonly Fact[], key: string): string | undefined {
  return facts.find((fact) => fact.key === key)?.value
}

function lastPart(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}
