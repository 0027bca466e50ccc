import { DomainError } from '../../../domain/errors.ts'
import type { Entity } from '../../model.ts'
import { isSurelyAddress, meansKnownName, unresolvedEntity } from '../address-meaning.ts'
import { collectClaims, type ClaimsCollector } from '../claims-collector.ts'
import { createClusterNames, type ClusterNames } from './cluster-names.ts'
import { addEntrances, type EntranceByHost } from './entrances.ts'
import { findAddressesInContainer, type FindConfigMap, type FoundAddress } from './environment.ts'
import { belongingsBy } from './facts.ts'
import { fileName, glanceAt, type ImportFile } from '../import-file.ts'
import type { Importer, Reading } from '../importer.ts'
import { readManifests, type Manifest } from './manifest-reader.ts'
import { createFileReader } from './mounted-files.ts'
import { readPermissions } from './network-policies.ts'
import { addPermittedUses } from './policy-uses.ts'
import { placeOf, readResources, type ConfigMapResource } from './resources.ts'
import { readRouting } from './routes.ts'
import { factsOf, groupServices, type GroupedServices } from './service-groups.ts'
import { tagTelemetryStores } from './telemetry-stores.ts'
import { relationTo } from '../technologies.ts'

/** Kubernetes manifests, as `kubectl apply` takes them. */
export const kubernetesImporter: Importer = {
  type: 'kubernetes',
  title: 'Kubernetes manifests',
  accepts: (file) => /\.(ya?ml|json)$/i.test(fileName(file)) && looksLikeManifest(glanceAt(file)),
  read: readKubernetes,
}

/** Backstage's catalog files have a kind as well, of an API version of their own. */
function looksLikeManifest(text: string): boolean {
  return /\bkind["']?\s*:\s*["']?[A-Z]/.test(text) && !/\bapiVersion["']?\s*:\s*["']?backstage\.io/.test(text)
}

/** Characters to look through, counted each time: many containers may share a large ConfigMap. */
const maxWork = 12_000_000
const maxWarnings = 100

/**
 * Reads workloads, and what their variables and arguments say about which Services they use.
 * @throws {DomainError} `import_refused`
 */
export function readKubernetes(files: readonly ImportFile[]): Reading {
  const { manifests, documents } = readManifests(files)
  const resources = readResources(manifests)
  const { workloads, services, routes, networkPolicies, configMaps } = resources
  if (workloads.length + services.length + routes.length + networkPolicies.length === 0) {
    throw new DomainError(
      'import_refused',
      `No workload such as a Deployment, no Service, Ingress, route or NetworkPolicy in ${files.length} file(s). Nothing was imported.`,
    )
  }
  const grouped = groupServices(workloads, services)
  const names = createClusterNames(grouped)
  const collector = collectClaims()
  addEntities(collector, grouped)
  const entrances = addEntrances(collector, readRouting(routes), {
    groups: grouped.groups,
    names,
    describe: unresolvedEntity,
  })
  const findConfigMap = findIn(configMaps)
  addUses(collector, grouped, { names, entrances, findConfigMap })
  const permissions = readPermissions(networkPolicies, resources.namespaceLabels)
  const dangling = addPermittedUses(collector, grouped.groups, permissions)
  const warnings = [...resources.warnings, ...grouped.warnings, ...dangling]
  return {
    claims: tagTelemetryStores(collector.finish(), grouped.groups, { names, findConfigMap }),
    documents,
    ignored: resources.ignored,
    warnings: warnings.slice(0, maxWarnings),
  }
}

function findIn(configMaps: readonly ConfigMapResource[]): FindConfigMap {
  const byName = new Map(
    configMaps.map((configMap) => [`${configMap.namespace}/${configMap.name}`, configMap]),
  )
  return (namespace, name) => byName.get(`${namespace}/${name}`)
}

function addEntities(collector: ClaimsCollector, { groups, shared }: GroupedServices): void {
  for (const group of groups) {
    collector.addEntity(group.entity)
    const names = [group.entity.name, ...group.entity.aliases]
    for (const { entity, type, evidence } of belongingsBy(factsOf(group), names)) {
      collector.addEntity({ ...entity, aliases: [], attributes: {} })
      collector.addRelation({ from: group.entity.ref, to: entity.ref, type }, evidence)
    }
  }
  for (const { group, service, behind } of shared) {
    collector.addEntity(group.entity)
    const path = ['spec', 'selector']
    const place = { file: service.manifest.file, line: service.manifest.lineOf(path), field: 'spec.selector' }
    for (const { entity } of behind) {
      const evidence = { method: 'selector', place, basis: 'declared' } as const
      collector.addRelation({ from: group.entity.ref, to: entity.ref, type: 'routes_to' }, evidence)
    }
  }
}

interface Known {
  names: ClusterNames
  entrances: EntranceByHost
}

function addUses(
  collector: ClaimsCollector,
  grouped: GroupedServices,
  { findConfigMap, ...known }: Known & { findConfigMap: FindConfigMap },
): void {
  let work = 0
  const spendOn = (manifest: Manifest) => (characters: number) => {
    work += characters
    if (work > maxWork) throw tooMuch(manifest)
  }
  const { groups } = grouped
  for (const { entity, workloads } of groups) {
    for (const workload of workloads) {
      const spend = spendOn(workload.manifest)
      for (const container of workload.containers) {
        const found = findAddressesInContainer(workload, container, { findConfigMap, spend })
        const directories = directoriesIn(found, entity, known)
        for (const each of found) addUse(collector, known, entity, inferredFrom(directories, each))
      }
    }
  }
  const readFiles = createFileReader(groups, { findConfigMap, spendOn })
  for (const group of groups) {
    for (const each of readFiles(group)) {
      const { host } = each.address
      if (known.names.resolve(host, group.entity.namespace ?? 'default').found)
        addUse(collector, known, group.entity, each)
    }
  }
}

/** ConfigMaps imported whole that tell a workload its own address too, so that they are one list for all. */
function directoriesIn(found: readonly FoundAddress[], user: Entity, { names }: Known): Set<string> {
  return new Set(
    found.flatMap(({ address, imported }) => {
      if (imported === undefined) return []
      const resolution = names.resolve(address.host, user.namespace ?? 'default')
      return resolution.found && resolution.entity.ref === user.ref ? [imported] : []
    }),
  )
}

function inferredFrom(directories: ReadonlySet<string>, found: FoundAddress): FoundAddress {
  const isOfAll = found.imported !== undefined && directories.has(found.imported)
  return isOfAll ? { ...found, evidence: { ...found.evidence, basis: 'inferred' } } : found
}

function tooMuch(manifest: Manifest): DomainError {
  const why = 'variables and arguments up to here are too much for one import'
  return new DomainError('import_refused', `${placeOf(manifest)}: ${why}. Nothing was imported.`)
}

function addUse(
  collector: ClaimsCollector,
  { names, entrances }: Known,
  user: Entity,
  { address, evidence }: FoundAddress,
): void {
  const resolution = names.resolve(address.host, user.namespace ?? 'default')
  const used = resolution.found
    ? meansKnownName(address, resolution.service.ports) && resolution.entity
    : (entrances.get(address.host) ??
      (isSurelyAddress(address) && collector.addEntity(unresolvedEntity(resolution))))
  if (!used || used.ref === user.ref) return
  collector.addRelation(
    { from: user.ref, to: used.ref, type: relationTo(used.kind, address.scheme) },
    evidence,
  )
}
