import { entityRef, type ClaimedEntity } from '../../model.ts'
import { collectClaims } from '../claims-collector.ts'
import { isClusterName } from '../host-names.ts'
import { presentablePath, type ImportFile } from '../import-file.ts'
import type { Importer, Reading } from '../importer.ts'
import { relationTo } from '../technologies.ts'
import { createComponents } from './components.ts'
import { findMentionedHosts } from './mentioned-hosts.ts'
import { isConfigFile, isSourceFile } from './source-files.ts'

/** Code and configuration of a checkout that name the hosts they speak to. */
export const hostsImporter: Importer = {
  type: 'hosts',
  title: 'code and configuration that names hosts',
  accepts: isSourceFile,
  read: readHosts,
}

/** What one import looks through; what is beyond is said and left out, since this is a weaker sign anyway. */
const limits = { files: 20_000, characters: 64 * 1024 * 1024, relations: 5_000 }

/**
 * Reads which hosts the files of a component name. Both the component and the host are only mentioned: they count where
 * other sources describe entities of these names.
 */
export function readHosts(files: readonly ImportFile[], beside: readonly ImportFile[] = files): Reading {
  const componentOf = createComponents(beside)
  const collector = collectClaims()
  const relations = new Set<string>()
  let characters = 0
  let left = 0
  for (const [at, file] of files.entries()) {
    characters += file.content.length
    if (at >= limits.files || characters > limits.characters || relations.size >= limits.relations) {
      left += 1
      continue
    }
    const component = componentOf(file.path)
    if (component === undefined) continue
    const user = mention(component)
    for (const { host, line, scheme } of findMentionedHosts(textOf(file), isConfigFile(file.path))) {
      const used = hostEntity(host)
      if (used.name === user.name) continue
      collector.addEntity(user)
      collector.addEntity(used)
      const type = relationTo('unresolved', scheme)
      relations.add(`${user.ref} ${used.ref} ${type}`)
      const place = { file: presentablePath(file.path), line, field: `host ${host}`.slice(0, 150) }
      collector.addRelation(
        { from: user.ref, to: used.ref, type },
        { method: 'host_name', place, basis: 'inferred' },
      )
    }
  }
  const warnings =
    left === 0
      ? []
      : [
          `${presentablePath(files.at(-1)?.path ?? '')}:1: ${left} files of code were not looked through, since the others are enough for one import`,
        ]
  return { claims: collector.finish(), documents: files.length, ignored: {}, warnings }
}

/** Code may be in any encoding; what is not UTF-8 in it is no host name. */
function textOf({ content }: ImportFile): string {
  return typeof content === 'string' ? content : new TextDecoder().decode(content)
}

function hostEntity(host: string): ClaimedEntity {
  if (!isClusterName(host)) return mention(host)
  const [name = host, namespace] = host.split('.')
  return mention(name, namespace === 'svc' ? undefined : namespace)
}

function mention(name: string, namespace?: string): ClaimedEntity {
  const kind = 'service'
  return {
    ref: entityRef({ kind, name, namespace }),
    kind,
    name,
    namespace,
    aliases: [],
    attributes: {},
    mentionOnly: true,
  }
}
