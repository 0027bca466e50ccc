import { isRecord, listAt, recordAt, textOf } from '../untyped-values.ts'
import type { NodePath } from '../yaml-documents.ts'
import { resolvePath } from './file-names.ts'
import { interpolate, type Lookup } from './interpolation.ts'
import type { ComposeDocument, ComposeFiles, Project } from './projects.ts'

/** What one document says of a service. */
export interface Layer {
  document: ComposeDocument
  path: NodePath
  spec: Record<string, unknown>
}

/** A service of a project; what later layers say overrides or adds to what earlier ones say. */
export interface ComposeService {
  name: string
  project: Project
  layers: Layer[]
}

/** A chain of `extends` and a list of files are never this long unless to exhaust. */
const maxLayers = 100
/** What Compose takes; also keeps markup and instructions for models out of answers. */
const serviceName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

/**
 * Gathers each service of a project from all its documents, with what it `extends` underneath.
 * @param warn told of services and references that were left out
 */
export function readServices(
  project: Project,
  files: ComposeFiles,
  warn: (warning: string) => void,
): ComposeService[] {
  const services = new Map<string, ComposeService>()
  for (const document of project.documents) {
    for (const [name, spec] of Object.entries(document.services)) {
      const path = [...document.servicesPath, name]
      const place = () => `${document.file}:${document.lineOf(path)}`
      if (name.startsWith('x-')) continue
      if (!serviceName.test(name) || !(isRecord(spec) || spec === null)) {
        warn(`${place()}: a service was left out: its name or its form is not one that Compose takes`)
        continue
      }
      const service = services.get(name) ?? { name, project, layers: [] }
      services.set(name, service)
      const layer = { document, path, spec: isRecord(spec) ? spec : {} }
      service.layers.push(...extended(layer, { project, files, warn }), layer)
      if (service.layers.length > maxLayers) service.layers = service.layers.slice(-maxLayers)
    }
  }
  return [...services.values()]
}

interface Context {
  project: Project
  files: ComposeFiles
  warn: (warning: string) => void
}

/** https://docs.docker.com/reference/compose-file/services/#extends: what it extends, and what that extends, lowest first. */
function extended(layer: Layer, { project, files, warn }: Context): Layer[] {
  const layers: Layer[] = []
  const seen = new Set<string>()
  for (let current = layer; layers.length < maxLayers;) {
    const extend = current.spec['extends']
    if (extend === undefined || extend === null) break
    const name = textOf(isRecord(extend) ? extend['service'] : extend) ?? ''
    const file = textOf(recordAt(extend)['file'])
    const path = file === undefined ? undefined : interpolate(file, project.lookup)
    const document = findDocument(current.document, name, path, { project, files })
    const key = JSON.stringify([document?.file, name])
    if (document === undefined || seen.has(key)) {
      const why = document === undefined ? 'is not part of this import' : 'leads back to itself'
      const at = `${current.document.file}:${current.document.lineOf([...current.path, 'extends'])}`
      warn(`${at}: what this service extends ${why}`)
      break
    }
    seen.add(key)
    const next = [...document.servicesPath, name]
    current = { document, path: next, spec: recordAt(document.services, name) }
    layers.unshift(current)
  }
  return layers
}

function findDocument(
  from: ComposeDocument,
  service: string,
  path: string | undefined,
  { project, files }: Pick<Context, 'project' | 'files'>,
): ComposeDocument | undefined {
  const candidates =
    path === undefined ? [from, ...project.documents] : files.documentsOf(resolvePath(from.folder, path))
  return candidates.find(({ services }) => Object.hasOwn(services, service))
}

/** Where a value stands. */
export interface ComposePlace {
  document: ComposeDocument
  path: NodePath
}

/**
 * The layers that count for a field: those after a `!reset`, those from an `!override` on.
 * https://docs.docker.com/reference/compose-file/merge/#reset-value
 */
export function layersFor({ layers }: ComposeService, field: string): Layer[] {
  if (layers.length === 1) return layers
  const tags = layers.map(({ document, path, spec }) =>
    Object.hasOwn(spec, field) ? document.tagOf([...path, field]) : undefined,
  )
  return layers.slice(Math.max(tags.lastIndexOf('!reset') + 1, tags.lastIndexOf('!override')))
}

/** What the last layer that has this field says. */
export function lastOf(
  service: ComposeService,
  field: string,
): { value: unknown; at: ComposePlace } | undefined {
  const layer = layersFor(service, field).findLast(
    ({ spec }) => spec[field] !== undefined && spec[field] !== null,
  )
  if (layer === undefined) return undefined
  const { document, path, spec } = layer
  return { value: spec[field], at: { document, path: [...path, field] } }
}

/** One text of the last layer that has it, with its variables filled in. */
export function lastText(service: ComposeService, field: string): string | undefined {
  const text = textOf(lastOf(service, field)?.value)
  return text === undefined ? undefined : interpolate(text, service.project.lookup)
}

/** An item of a list, or an entry of a map, of any layer. */
export interface ComposeItem {
  /** Key of a map; of a list's item its text. */
  key: string
  /** Value of a map's entry. */
  value: unknown
  at: ComposePlace
}

/** Finding the line of each takes time that grows with their number. */
const maxItems = 1_000

/** What may be written as a list or as a map, from all layers; what is listed has no value. */
export function itemsOf(service: ComposeService, ...field: string[]): ComposeItem[] {
  const { lookup } = service.project
  return layersFor(service, field[0] ?? '')
    .flatMap((layer) => itemsIn(layer, field, lookup))
    .slice(0, maxItems)
}

function itemsIn({ document, path, spec }: Layer, field: readonly string[], lookup: Lookup): ComposeItem[] {
  const last = field.at(-1) ?? ''
  const found = recordAt(spec, ...field.slice(0, -1))[last]
  const at = (key: string | number) => ({ document, path: [...path, ...field, key] })
  if (isRecord(found)) return Object.entries(found).map(([key, value]) => ({ key, value, at: at(key) }))
  const single = textOf(found)
  const list = single === undefined ? listAt(found) : [single]
  return list.flatMap((item, position): ComposeItem[] => {
    const text = textOf(item)
    const place = single === undefined ? at(position) : { document, path: [...path, ...field] }
    if (text !== undefined) return [{ key: interpolate(text, lookup), value: undefined, at: place }]
    return isRecord(item) ? [{ key: '', value: item, at: place }] : []
  })
}
