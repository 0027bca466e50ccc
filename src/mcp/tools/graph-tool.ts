import { z } from 'zod'
import { emptyGraph, indexGraph, type LoadedGraph } from '../../architecture/loading.ts'
import { resolveMeant } from '../../architecture/queries/entity-resolution.ts'
import { maxTokens } from './answer-budget.ts'
import type { Naming } from './answer-names.ts'
import { presentBounds, presentEmptyGraph, presentProvenance, type Provenance } from './answer-provenance.ts'
import { presentAnswer } from './answer-text.ts'
import type { Tool, ToolAnswer, ToolContext } from './define-tool.ts'

/** What every question about the graph may say. */
const commonInputs = {
  environment: z.string().min(1).max(100).optional().describe('Only this environment, such as production'),
  namespace: z.string().min(1).max(200).optional(),
  as_of: z
    .union([z.string().min(1).max(40), z.int().min(0).max(1e9)])
    .optional()
    .describe('A former state: revision or ISO time'),
  max_tokens: maxTokens,
}
type CommonInputs = typeof commonInputs

/** A graph that is asked, and what answers about it have in common. */
export interface AskedGraph extends LoadedGraph, Naming {
  now: number
  maxTokens: number
  /**
   * The entity a text means; where that is a guess, the answer tells so.
   * @throws {DomainError} `not_found` with candidates
   */
  resolve: (text: string, field: string) => number
  /** Notes how a text was understood, for the answer to tell. */
  noteUnderstood: (how: string) => void
  /** What every answer ends with. */
  closing: () => Closing
  /** Ends a negative: how far was looked. */
  bounds: () => string
  /**
   * The graph at another revision or time; an environment that there was not then is empty.
   * @throws {DomainError} as loading does
   */
  loadAt: (asOf: string) => Promise<LoadedGraph>
}

/** The last fields of an answer. */
export interface Closing extends Provenance {
  /** Names that were not taken literally. */
  understood?: string[] | undefined
}

type InputOf<Shape extends z.ZodRawShape> = z.infer<z.ZodObject<Shape>> & z.infer<z.ZodObject<CommonInputs>>

/** A tool that answers about the graph, without what all of them share. */
export interface GraphTool<Shape extends z.ZodRawShape> {
  name: string
  title: string
  description: string
  /** Beside the common ones; `namespace` may be described anew. */
  input: Shape
  /** Called only where something was imported. */
  answer: (input: InputOf<Shape>, asked: AskedGraph) => ToolAnswer | Promise<ToolAnswer>
}

/** Makes a tool of it: loads the graph that is meant, and answers for an empty one. */
export function defineGraphTool<Shape extends z.ZodRawShape>({
  answer,
  input: shape,
  ...tool
}: GraphTool<Shape>): Tool {
  return {
    ...tool,
    requiredScope: 'architecture:read',
    inputSchema: z.strictObject({ ...shape, ...commonInputs, ...pickNamespace(shape) }),
    async handler(raw, context) {
      const input = raw as InputOf<Shape>
      const { environment, as_of: asOf } = input
      const loaded = await context.architecture.load(context.principal.organization.id, {
        environment,
        asOf: asOf === undefined ? undefined : String(asOf),
      })
      if (loaded.graph.entities.length === 0 && loaded.newest === 0)
        return presentAnswer(presentEmptyGraph(context), [])
      return answer(input, askGraph(loaded, input, context))
    },
  }
}

function pickNamespace(shape: z.ZodRawShape): z.ZodRawShape {
  const { namespace } = shape
  const described = namespace ?? commonInputs.namespace.describe('Where to look a name up first')
  return { namespace: described }
}

/** @returns the graph as tools and resources answer about it */
export function askGraph(
  loaded: LoadedGraph,
  input: { environment?: string | undefined; namespace?: string | undefined; max_tokens: number },
  { now, architecture, principal }: Pick<ToolContext, 'now' | 'architecture' | 'principal'>,
): AskedGraph {
  const at = now()
  const { graph, index, history, newest } = loaded
  const { environment, namespace } = input
  const understood: string[] = []
  const provenance = presentProvenance(loaded, { now: at, environment })
  // A former state is judged as it was seen then.
  const then =
    graph.revision === newest ? undefined : history.find(({ revision }) => revision === graph.revision)
  const noteUnderstood = (how: string) => {
    if (!understood.includes(how)) understood.push(how)
  }
  return {
    now: at,
    seenAt: then?.at ?? at,
    maxTokens: input.max_tokens,
    resolve: (text, field) => {
      const resolution = resolveMeant(index, text, { field, namespace })
      if (resolution.understood !== undefined) noteUnderstood(resolution.understood)
      return resolution.ordinal
    },
    noteUnderstood,
    closing: () => ({ understood: understood.length === 0 ? undefined : understood, ...provenance }),
    bounds: () => presentBounds(graph, environment),
    loadAt: async (asOf) => {
      const { id } = principal.organization
      const whole = await architecture.load(id, { asOf })
      if (environment === undefined) return whole
      const isKnown = whole.environments.includes(environment.toLowerCase())
      return isKnown ? architecture.load(id, { asOf, environment }) : { ...whole, ...indexGraph(emptyGraph) }
    },
    ...loaded,
  }
}
