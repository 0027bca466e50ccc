import { entityRef, type ClaimedEntity } from '../model.ts'

/** `https://github.com/org/repo/tree/main/x` is `org/repo`; GitLab's projects may lie in groups of groups. */
export function repositoryAt(address: string): ClaimedEntity | undefined {
  if (address.length > 500 || !URL.canParse(address)) return undefined
  const { protocol, host, pathname } = new URL(address)
  const parts = pathname
    .replace(/\/-\/.*$/, '')
    .replace(/\/(?:tree|blob|src|raw)\/.*$/, '')
    .replace(/\.git$/, '')
    .split('/')
    .filter((part) => part !== '')
  const isPath =
    parts.length >= 2 && parts.length <= 10 && parts.every((part) => /^[\w.-]{1,100}$/.test(part))
  if (!/^https?:$/.test(protocol) || !isPath) return undefined
  const name = parts.join('/')
  const url = `https://${host}/${name}`
  return {
    ref: entityRef({ kind: 'repository', name }),
    kind: 'repository',
    name,
    aliases: [],
    attributes: { links: [{ title: name, url }] },
  }
}
