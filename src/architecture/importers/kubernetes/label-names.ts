import { nameByLabels, type Labels } from './pod-selection.ts'

const tellingApart = [
  'app.kubernetes.io/component',
  'component',
  'role',
  'tier',
  'app.kubernetes.io/instance',
] as const

/**
 * Names pods of which only labels are known. Where all bear the name of one system or chart, the first label that tells
 * them apart decides: `app=shop,component=cart` is `cart`, `postgresql` of the release `orders` is `orders-postgresql`.
 */
export function namesOf(all: readonly Labels[]): (labels: Labels) => string | undefined {
  const byName = new Map<string, Labels[]>()
  for (const labels of all) {
    const name = nameByLabels(labels)
    if (name !== undefined) byName.set(name, [...(byName.get(name) ?? []), labels])
  }
  const deciding = new Map(
    [...byName].map(([name, sets]) => {
      const key = tellingApart.find((each) => new Set(sets.flatMap((labels) => labels[each] ?? [])).size > 1)
      return [name, key]
    }),
  )
  return (labels) => {
    const name = nameByLabels(labels)
    const key = name === undefined ? undefined : deciding.get(name)
    const part = key === undefined ? undefined : labels[key]
    if (name === undefined || part === undefined) return name
    if (key !== 'app.kubernetes.io/instance') return part
    return part.includes(name) ? part : `${part}-${name}`
  }
}
