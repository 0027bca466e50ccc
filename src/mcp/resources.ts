import {
  type ListResourcesResult,
  type ListResourceTemplatesResult,
  type ReadResourceResult,
  ResourceNotFoundError,
} from '@modelcontextprotocol/server'
import type { CallTool, Caller } from './tool-call.ts'

const overviewUri = 'architecture://overview'
const entityUri = 'architecture://entities/'

/** What `{ref}` stands for is completed by `completions.ts`. */
export const entityTemplate = `${entityUri}{ref}`

const mimeType = 'text/plain'

/** The answers to `resources/list` and `resources/templates/list`; the same for everybody. */
export function presentResources(): {
  resources: ListResourcesResult
  templates: ListResourceTemplatesResult
} {
  const overview = {
    uri: overviewUri,
    name: 'overview',
    title: 'Architecture overview',
    description:
      'What there is, what most depends on, the entry points, teams, sources and what they leave unknown.',
    mimeType,
  }
  const entities = {
    uriTemplate: entityTemplate,
    name: 'entity',
    title: 'Entity of the architecture',
    description: 'What one entity is, what it depends on and what depends on it, by its reference or name.',
    mimeType,
  }
  return { resources: { resources: [overview] }, templates: { resourceTemplates: [entities] } }
}

/**
 * Reads a resource: each is the answer of a tool under an address, and so is held to the same rules and written to the
 * audit log as that call.
 * @throws {ResourceNotFoundError} with what the tool said, such as names that are alike
 */
export async function readResource(
  uri: string,
  { callTool, caller, signal }: { callTool: CallTool; caller: Caller; signal: AbortSignal },
): Promise<ReadResourceResult> {
  const call = toolCallOf(uri)
  if (call === undefined) {
    const known = `There are ${overviewUri} and ${entityTemplate}.`
    throw new ResourceNotFoundError(uri, `There is no resource ${uri.slice(0, 200)}. ${known}`)
  }
  const { content, isError } = (await callTool(call, caller, () => signal)).result
  const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
  if (isError) throw new ResourceNotFoundError(uri, text)
  return { contents: [{ uri, mimeType, text }] }
}

function toolCallOf(uri: string): { name: string; arguments: Record<string, unknown> } | undefined {
  if (uri === overviewUri) return { name: 'get_overview', arguments: {} }
  const ref = uri.startsWith(entityUri) ? decode(uri.slice(entityUri.length)) : undefined
  return ref === undefined || ref === '' ? undefined : { name: 'get_entity', arguments: { ref } }
}

/** References hold `:` and `/`, which clients encode or not. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
