import type { Tool } from './define-tool.ts'
import { whoami } from './whoami.ts'

/** Every tool of the MCP endpoint. */
export const tools: readonly Tool[] = [whoami]
