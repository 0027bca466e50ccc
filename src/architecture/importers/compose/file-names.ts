/** Paths of files as they were given, with `/` between their parts; nothing is ever opened. */

/** `compose.yaml`, `docker-compose.prod.yml`, `compose.override.yaml` and the like. */
export function isComposeName(name: string): boolean {
  return /^(?:(?:docker-|podman-)?compose|docker-stack)(?:[._-][\w.-]{0,100})?\.ya?ml$/i.test(name)
}

/** What Compose reads when it is not told what to read. */
export function isBaseFile(path: string): boolean {
  return /(?:^|\/)(?:docker-)?compose\.ya?ml$/i.test(path)
}

/** Order in which the files of one project override each other. */
export function rankOf(path: string): number {
  if (isBaseFile(path)) return 0
  return /override\.ya?ml$/i.test(path) ? 2 : 1
}

/** `.env`, `.env.local`, `redis.env`. */
export function isVariableFileName(name: string): boolean {
  return /^(?:\.env(?:\.[\w-]{1,50}){0,3}|[\w.-]{1,100}\.env)$/i.test(name)
}

/** Without the last part; empty at the top. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** Resolves `.` and `..`; what leads above the top stays there. */
export function resolvePath(folder: string, path: string): string {
  const parts: string[] = []
  const whole = path.startsWith('/') ? path : `${folder}/${path}`
  for (const part of whole.slice(0, 2_000).split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}
