import type { ClaimedEvidence } from '../../model.ts'
import { findAddresses, findAddressesInArguments, type Address } from '../addresses.ts'
import { refuseImport } from '../import-file.ts'
import { isRecord, listAt, textOf } from '../untyped-values.ts'
import { resolvePath } from './file-names.ts'
import { interpolate, type Lookup } from './interpolation.ts'
import type { ComposeFiles } from './projects.ts'
import type { AsInBrowser } from './published-ports.ts'
import { itemsOf, lastOf, layersFor, type ComposePlace, type ComposeService } from './services.ts'

/** An address that a service is told, with the place that shows it. */
export interface FoundAddress {
  address: Address
  evidence: ClaimedEvidence
}

/** A variable of a service's containers. */
export interface ServiceVariable {
  text: string
  place: () => ClaimedEvidence['place']
}

/** People write a few dozen; finding the line of each takes time that grows with their number. */
const maxVariables = 2_000

/** Told of work before it is done, in characters; throws when it is too much. */
export type Spend = (characters: number) => void

/** What reading variables needs to know and to tell. */
export interface ReadingContext {
  files: ComposeFiles
  spend: Spend
  warn: (warning: string) => void
  /** Told of each variable that a value uses and nobody sets. */
  onMissing: (name: string, at: ComposePlace) => void
  asInBrowser: AsInBrowser
}

/**
 * Variables as the containers see them: `env_file` in its order, `environment` over them; a bare name takes what the
 * project's `.env` says.
 */
export function readVariables(
  service: ComposeService,
  context: ReadingContext,
): Map<string, ServiceVariable> {
  const variables = new Map<string, ServiceVariable>()
  for (const item of itemsOf(service, 'env_file')) addVariableFile(variables, service, item, context)
  for (const { name, text, at } of assignmentsOf(service, ['environment'], context)) {
    if (text === undefined) variables.delete(name)
    else variables.set(name, { text, place: () => placeAt(at, `env ${presentable(name)}`) })
    if (variables.size > maxVariables) {
      const { document, path } = at
      const place = { file: document.file, line: document.lineOf(path.slice(0, 2)) }
      throw refuseImport(place, `more than ${maxVariables} variables for one service`)
    }
  }
  return variables
}

/** Finds addresses in variables, arguments of the image's build, `command` and `entrypoint`. */
export function findAddressesOf(
  service: ComposeService,
  variables: ReadonlyMap<string, ServiceVariable>,
  context: ReadingContext,
): FoundAddress[] {
  const { spend, asInBrowser } = context
  const portBeside = (name: string) => portOf(variables.get(nameOfPort(name))?.text)
  const fromVariables = [...variables].flatMap(([name, { text, place }]) => {
    spend(50 + text.length)
    return findAddresses(name, asInBrowser(service, name, text)).map((address) => ({
      address: withPort(address, portBeside(name)),
      evidence: { method: 'environment', place: place(), basis: 'declared' } as const,
    }))
  })
  const buildArguments = assignmentsOf(service, ['build', 'args'], context).slice(0, maxVariables)
  const fromBuild = buildArguments.flatMap(({ name, text = '', at }) => {
    spend(50 + text.length)
    return findAddresses(name, asInBrowser(service, name, text)).map((address) => ({
      address,
      evidence: {
        method: 'argument',
        place: placeAt(at, `build argument ${presentable(name)}`),
        basis: 'declared',
      } as const,
    }))
  })
  const fromArguments = ['entrypoint', 'command'].flatMap((field) => {
    const last = lastOf(service, field)
    if (last === undefined) return []
    const text = argumentsIn(last.value, service.project.lookup, variables)
    spend(text.length)
    return findAddressesInArguments(text).map((address) => ({
      address,
      evidence: {
        method: 'argument',
        place: placeAt(last.at, field),
        basis: address.form === 'pair' ? 'inferred' : 'declared',
      } as const,
    }))
  })
  return [...fromVariables, ...fromBuild, ...fromArguments]
}

/** @returns where a value stands, for evidence. */
export function placeAt({ document, path }: ComposePlace, field: string): ClaimedEvidence['place'] {
  return { file: document.file, line: document.lineOf(path), field }
}

interface Assignment {
  name: string
  /** Undefined where a bare name has no value, which also takes away one that was set before. */
  text: string | undefined
  at: ComposePlace
}

function assignmentsOf(
  service: ComposeService,
  field: readonly string[],
  { onMissing }: Pick<ReadingContext, 'onMissing'>,
): Assignment[] {
  const { lookup } = service.project
  return layersFor(service, field[0] ?? '').flatMap(({ document, path, spec }) => {
    const found = field.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), spec)
    const at = (key: string | number): ComposePlace => ({ document, path: [...path, ...field, key] })
    const assign = (name: string, value: string | undefined, place: ComposePlace): Assignment => ({
      name,
      text:
        value === undefined
          ? lookup(name)
          : interpolate(value, lookup, (missing) => onMissing(missing, place)),
      at: place,
    })
    if (isRecord(found))
      return Object.entries(found).map(([name, value]) => assign(name, textOf(value), at(name)))
    return listAt(found).flatMap((item, position) => {
      const text = textOf(item)
      if (text === undefined) return []
      const equals = text.indexOf('=')
      const name = interpolate(equals === -1 ? text : text.slice(0, equals), lookup)
      return [assign(name.trim(), equals === -1 ? undefined : text.slice(equals + 1), at(position))]
    })
  })
}

function addVariableFile(
  variables: Map<string, ServiceVariable>,
  { project: { lookup } }: ComposeService,
  item: { key: string; value: unknown; at: ComposePlace },
  { files, spend, warn }: ReadingContext,
): void {
  const described = isRecord(item.value) ? item.value : {}
  const path = item.key === '' ? interpolate(textOf(described['path']) ?? '', lookup) : item.key
  const found = files.variableFile(resolvePath(item.at.document.folder, path))
  if (found === undefined) {
    const { file, line } = placeAt(item.at, 'env_file')
    if (described['required'] !== false)
      warn(`${file}:${line}: the file named by env_file is not part of this import`)
    return
  }
  const { file } = found
  spend(found.length)
  for (const [name, { text, line }] of found.variables(lookup)) {
    spend(50)
    variables.set(name, { text, place: () => ({ file, line, field: `env ${presentable(name)}` }) })
  }
}

/** The shell in the container fills in what Compose was told to leave alone: `$$DB_HOST`. */
function argumentsIn(
  value: unknown,
  lookup: Lookup,
  variables: ReadonlyMap<string, ServiceVariable>,
): string {
  const words = typeof value === 'string' ? [value] : listAt(value).map((item) => textOf(item) ?? '')
  const inside: Lookup = (name) => variables.get(name)?.text
  return words.map((word) => interpolate(interpolate(word, lookup), inside)).join('\n')
}

/** `FLAGD_PORT` stands beside `FLAGD_HOST`: together they are as much an address as `flagd:8013`. */
function nameOfPort(name: string): string {
  return name.replace(/(?:HOST(?:NAME)?|ADDR(?:ESS)?|SERVER)$/, 'PORT').replace(/host(?:name)?$/, 'port')
}

function portOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined
}

function withPort(address: Address, port: number | undefined): Address {
  const isAlone = address.form === 'host' && address.named && port !== undefined && port <= 65_535
  return isAlone ? { ...address, form: 'host_port', port } : address
}

function presentable(name: string): string {
  return name.replaceAll(/[^\w.-]/g, '?').slice(0, 100)
}
