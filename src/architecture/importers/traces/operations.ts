import { isRead, isWrite } from './database-operations.ts'
import { attributeOf, type Span } from './span.ts'

const longestOperation = 100

/** Tells what spans did, with few different values and none that could be secret. */
export interface OperationNames {
  /**
   * Without ids, quoted text and addresses of people; of a database statement only its verb and collection.
   */
  readonly operationOf: (span: Pick<Span, 'name' | 'attributes'>) => string
}

/** @returns names that are made once for each raw name, as those of spans repeat. */
export function createOperationNames(): OperationNames {
  const made = new Map<string, string>()
  const named = (raw: string): string => {
    const known = made.get(raw)
    if (known !== undefined) return known
    const name = generalize(raw)
    made.set(raw, name)
    return name
  }
  return {
    operationOf: ({ name, attributes }) => {
      const method = attributeOf(attributes, 'rpc.method')
      const service = attributeOf(attributes, 'rpc.service')
      if (method !== undefined) return named(service === undefined ? method : `${service}/${method}`)
      if (attributeOf(attributes, 'db.system.name', 'db.system') !== undefined)
        return named(databaseOperation(name, attributes))
      const route = attributeOf(attributes, 'http.route')
      return named(isBareMethod(name) && route !== undefined ? `${methodIn(name)} ${route}` : name)
    },
  }
}

/** Whether a name tells no more than `GET` or `HTTP GET`. */
export function isBareMethod(name: string): boolean {
  return /^(?:HTTP )?[A-Z]{3,7}$/.test(name)
}

function methodIn(name: string): string {
  return name.replace(/^HTTP /, '')
}

/** How two services talk, as far as the span tells. */
export function protocolOf({ attributes }: Pick<Span, 'attributes'>): string | undefined {
  const rpc = attributeOf(attributes, 'rpc.system.name', 'rpc.system')
  if (rpc !== undefined) return generalize(rpc).slice(0, 30)
  const isHttp = attributeOf(
    attributes,
    'http.request.method',
    'http.method',
    'http.route',
    'http.url',
    'url.full',
  )
  return isHttp === undefined ? undefined : 'http'
}

function databaseOperation(name: string, attributes: Span['attributes']): string {
  const [first = ''] = name.trim().split(/\s+/, 1)
  const told = attributeOf(attributes, 'db.operation.name', 'db.operation')
  const verb = told ?? (isRead(first) || isWrite(first) ? first.toUpperCase() : undefined)
  const collection = attributeOf(attributes, 'db.collection.name', 'db.sql.table')
  const parts = [verb, collection].filter((part) => part !== undefined)
  return parts.length === 0 ? 'query' : parts.join(' ')
}

function generalize(text: string): string {
  return text
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .replaceAll(/'[^']*'|"[^"]*"/g, '{text}')
    .replaceAll(/[a-z][a-z0-9+.-]*:\/\/[^\s/]+/gi, '')
    .replaceAll(/[?#]\S*/g, '')
    .replaceAll(/[^\s/<>]+@[^\s/<>]+/g, '{email}')
    .split(/(?<=[\s/])|(?=[\s/])/)
    .map((part) => (isId(part) ? '{id}' : part))
    .join('')
    .trim()
    .slice(0, longestOperation)
}

/** A number, a UUID, a hash, or anything long with digits in it. */
function isId(part: string): boolean {
  if (!/\d/.test(part)) return false
  return /^[#:=]?\d+$/.test(part) || /^[0-9a-f]{8,}$/i.test(part) || /[0-9a-f-]{16,}|\d{4,}/i.test(part)
}
