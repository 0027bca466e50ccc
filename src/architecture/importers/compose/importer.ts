import { DomainError } from '../../../domain/errors.ts'
import type { ClaimedEntity } from '../../model.ts'
import { meansKnownName } from '../address-meaning.ts'
import { collectClaims } from '../claims-collector.ts'
import { checkSizes, fileName, glanceAt, refuseImport, type ImportFile } from '../import-file.ts'
import type { Importer, Reading } from '../importer.ts'
import { tagStoresOfTelemetry } from '../telemetry.ts'
import { readYamlDocuments } from '../yaml-documents.ts'
import { entityOf } from './entities.ts'
import { isComposeName, isVariableFileName } from './file-names.ts'
import { findProjects, type ComposeFiles } from './projects.ts'
import { indexPublishedPorts } from './published-ports.ts'
import { createServiceNames, type ServiceNames } from './service-names.ts'
import { readServices, type ComposeService } from './services.ts'
import { startsAfter } from './start-order.ts'
import { addUses } from './uses.ts'
import { findAddressesOf, readVariables, type FoundAddress, type ServiceVariable } from './variables.ts'

/** Compose files, with the `.env` files beside them. */
export const composeImporter: Importer = {
  type: 'compose',
  title: 'Docker Compose files',
  accepts: (file) =>
    isComposeName(fileName(file)) || (/\.ya?ml$/i.test(fileName(file)) && looksLikeCompose(glanceAt(file))),
  accompanies: (file) => isVariableFileName(fileName(file)),
  read: readCompose,
}

/** A map of `services` at the top, one of which names its image as text or how to build it. */
function looksLikeCompose(text: string): boolean {
  if (/^(?:apiVersion|kind)\s*:/m.test(text) || !/^services:\s*(?:#.*)?$/m.test(text)) return false
  return /^ {1,8}(?:image: {0,8}["']?[\w$.]|build:)/m.test(text)
}

/** Characters to look through, counted each time: many services may share a large file of variables. */
const maxWork = 12_000_000
const maxServices = 2_000
const maxWarnings = 100

/** A service with all that was read of it. */
interface ReadService {
  service: ComposeService
  variables: Map<string, ServiceVariable>
  addresses: FoundAddress[]
}

/**
 * Reads services, and what their variables, arguments, links and start order say about which others they use.
 * @throws {DomainError} `import_refused`
 */
export function readCompose(files: readonly ImportFile[]): Reading {
  checkSizes(files)
  const variableFiles = files.filter((file) => isVariableFileName(fileName(file)))
  const documents = readYamlDocuments(files.filter((file) => !variableFiles.includes(file)))
  const composeFiles = findProjects(documents, variableFiles)
  const warnings = new Set<string>()
  const warn = (warning: string) => {
    if (warnings.size < maxWarnings) warnings.add(warning)
  }
  const services = composeFiles.projects.flatMap((project) => readServices(project, composeFiles, warn))
  checkNumber(services, files.length)
  const read = readAddresses(services, composeFiles, warn)
  const names = createServiceNames(services)
  const entities = describe(read, names)
  const collector = collectClaims()
  for (const entity of entities.values()) collector.addEntity(entity)
  addUses(collector, read, { names, entities })
  const claims = tagStoresOfTelemetry(collector.finish())
  return { claims, documents: documents.length, ignored: {}, warnings: [...warnings] }
}

function checkNumber(services: readonly ComposeService[], files: number): void {
  if (services.length === 0)
    throw new DomainError('import_refused', `No service in ${files} Compose file(s). Nothing was imported.`)
  const layer = services[maxServices]?.layers[0]
  if (layer !== undefined) {
    const place = { file: layer.document.file, line: 1 }
    throw refuseImport(place, `more than ${maxServices} services in one import`)
  }
}

function readAddresses(
  services: readonly ComposeService[],
  files: ComposeFiles,
  warn: (warning: string) => void,
): ReadService[] {
  let work = 0
  const missing = new Map<string, Set<string>>()
  const asInBrowser = indexPublishedPorts(services)
  const read = services.map((service) => {
    const spend = (characters: number) => {
      work += characters
      if (work > maxWork) throw tooMuch(service)
    }
    const context = {
      files,
      spend,
      warn,
      asInBrowser,
      onMissing: (name: string, { document: { file } }: { document: { file: string } }) =>
        missing.set(file, (missing.get(file) ?? new Set()).add(name)),
    }
    const variables = readVariables(service, context)
    return { service, variables, addresses: findAddressesOf(service, variables, context) }
  })
  for (const [file, names] of missing) {
    const some = [...names].slice(0, 10).map((name) => name.slice(0, 100))
    const more = names.size > some.length ? ` and ${names.size - some.length} more` : ''
    warn(`${file}:1: no .env file of this import sets ${some.join(', ')}${more}, so they count as empty`)
  }
  return read
}

function tooMuch({ layers }: ComposeService): DomainError {
  const layer = layers[0]
  const place =
    layer === undefined
      ? { file: '', line: 1 }
      : { file: layer.document.file, line: layer.document.lineOf(layer.path) }
  return refuseImport(place, 'variables and arguments up to here are too much for one import')
}

function describe(read: readonly ReadService[], names: ServiceNames): Map<ComposeService, ClaimedEntity> {
  const addressed = new Map<ComposeService, { ports: Set<number>; schemes: Set<string> }>()
  for (const { service, addresses } of read) {
    for (const { address } of addresses) {
      const used = names.resolve(address.host, service)
      if (used === undefined || !meansKnownName(address, [])) continue
      const { ports, schemes } = addressed.get(used) ?? { ports: new Set(), schemes: new Set() }
      if (address.port !== undefined) ports.add(address.port)
      if (address.scheme !== undefined) schemes.add(address.scheme)
      addressed.set(used, { ports, schemes })
    }
  }
  const finished = new Set(
    read.flatMap(({ service }) =>
      startsAfter(service).flatMap(({ target, untilEnd }) =>
        untilEnd ? (names.resolve(target, service) ?? []) : [],
      ),
    ),
  )
  const projectsOfName = new Map<string, Set<string>>()
  for (const { service } of read)
    projectsOfName.set(
      service.name,
      (projectsOfName.get(service.name) ?? new Set()).add(service.project.name),
    )
  return new Map(
    read.map(({ service, variables }) => [
      service,
      entityOf(service, {
        aliases: names.aliasesOf(service),
        namespace: (projectsOfName.get(service.name)?.size ?? 0) > 1 ? service.project.name : undefined,
        variables,
        usedPorts: [...(addressed.get(service)?.ports ?? [])],
        usedSchemes: [...(addressed.get(service)?.schemes ?? [])],
        runsToItsEnd: finished.has(service),
      }),
    ]),
  )
}
