import type { Tool } from './define-tool.ts'
import { findPaths } from './find-paths.ts'
import { getDependencies } from './get-dependencies.ts'
import { getEntity } from './get-entity.ts'
import { searchEntities } from './search-entities.ts'
import { whoami } from './whoami.ts'

/** Every tool of the MCP endpoint. */
export const tools: readonly Tool[] = [searchEntities, getEntity, getDependencies, findPaths, whoami]
