import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../src/package.ts'

/** The routes as they are declared in a folder of `src`: `GET /account`. */
export function declaredRoutes(folder: string): string[] {
  const path = join(packageRoot(), 'src', folder)
  return readdirSync(path)
    .map((file) => readFileSync(join(path, file), 'utf8'))
    .flatMap((source) => [...source.matchAll(/\.(get|post|put|patch|delete|all)\(\s*'(\/[^']*)'/g)])
    .map(([, method = '', pattern = '']) => `${method.toUpperCase()} ${pattern}`)
}
