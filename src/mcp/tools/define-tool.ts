import type { z } from 'zod'
import type { Architecture } from '../../architecture/architecture.ts'
import type { Principal, Scope } from '../../domain/principal.ts'

/** What a tool may use besides its input. */
export interface ToolContext {
  principal: Principal
  architecture: Architecture
  /** The one configured origin; links in answers start with it. */
  publicUrl: string
  now: () => number
  /** Gives what is aborted when the client hangs up; made only for a tool that asks for it. */
  signal: () => AbortSignal
}

/**
 * A tool's answer, the same facts twice: Claude Code shows the model only `structuredContent`, other clients
 * only the text.
 */
export interface ToolAnswer {
  structuredContent: Record<string, unknown>
  text: string
  /** `structuredContent` as it is sent, where that was made already to measure it. */
  json?: string
  /** References of the entities it is about: those asked about first, then those told. For the audit log. */
  entities: readonly string[]
}

/** One tool as one value: what it is called, what it needs, what it takes, what it does. */
export interface Tool<Input extends z.ZodObject = z.ZodObject> {
  name: string
  title: string
  description: string
  requiredScope: Scope
  /** Strict: an unknown argument is refused with the list of valid ones. */
  inputSchema: Input
  /** @throws {DomainError} whose message tells the model how to repair its call; shown as an `isError` result. */
  // A method, so that tools with different inputs fit into one list.
  handler(input: z.infer<Input>, context: ToolContext): Promise<ToolAnswer>
}

/** Keeps the handler's input type tied to the schema. Every tool is read-only; `tool-list.ts` annotates it so. */
export function defineTool<Input extends z.ZodObject>(tool: Tool<Input>): Tool<Input> {
  return tool
}
