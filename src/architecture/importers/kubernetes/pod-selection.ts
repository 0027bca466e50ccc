import { isRecord, listAt, recordAt, textOf, textRecord } from '../untyped-values.ts'
import type { Workload } from './resources.ts'

/** Labels that all must be there. */
export type Labels = Readonly<Record<string, string>>

/** A label selector as sets of labels, of which one must fit, and conditions that hold for each. */
export interface LabelSelector {
  alternatives: Labels[]
  conditions: ((labels: Labels) => boolean)[]
}

/** `In` lists are multiplied out up to here; longer ones name nobody in particular. */
const maxAlternatives = 50

/**
 * @returns undefined for what selects everything or names nothing that a label must be, from which nothing follows
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
 */
export function readSelector(value: unknown): LabelSelector | undefined {
  if (!isRecord(value)) return undefined
  let alternatives: Labels[] = [textRecord(value['matchLabels'])]
  const conditions: LabelSelector['conditions'] = []
  for (const item of listAt(value, 'matchExpressions')) {
    const key = textOf(recordAt(item)['key']) ?? ''
    const operator = recordAt(item)['operator']
    const values = listAt(item, 'values').flatMap((each) => textOf(each) ?? [])
    if (operator === 'In') {
      if (alternatives.length * values.length > maxAlternatives) return undefined
      alternatives = alternatives.flatMap((labels) => values.map((each) => ({ ...labels, [key]: each })))
    } else if (operator === 'NotIn') conditions.push((labels) => !values.includes(labels[key] ?? ''))
    else if (operator === 'Exists') conditions.push((labels) => Object.hasOwn(labels, key))
    else if (operator === 'DoesNotExist') conditions.push((labels) => !Object.hasOwn(labels, key))
  }
  const named = alternatives.filter((labels) => Object.keys(labels).length > 0)
  return named.length === 0 ? undefined : { alternatives: named, conditions }
}

/** Finds workloads by labels of their pods, in a namespace or, where that is undefined, in all. */
export type SelectPods = (namespace: string | undefined, labels: Labels) => Workload[]

/** @returns a way to select that does not look through all workloads each time. */
export function indexPods(workloads: readonly Workload[]): SelectPods {
  const byLabel = new Map<string, Workload[]>()
  for (const workload of workloads) {
    for (const label of Object.entries(workload.podLabels)) {
      const key = JSON.stringify(label)
      const known = byLabel.get(key)
      if (known === undefined) byLabel.set(key, [workload])
      else known.push(workload)
    }
  }
  return (namespace, labels) => {
    const wanted = Object.entries(labels)
    if (wanted.length === 0) return []
    const candidates = wanted
      .map((label) => byLabel.get(JSON.stringify(label)) ?? [])
      .toSorted((a, b) => a.length - b.length)[0]
    return (candidates ?? []).filter(
      (workload) =>
        (namespace === undefined || workload.namespace === namespace) &&
        wanted.every(([label, value]) => workload.podLabels[label] === value),
    )
  }
}

const applicationLabels = ['app.kubernetes.io/name', 'app', 'k8s-app', 'name']
/** Less usual, and good only where nothing else is there to go by. */
const otherNameLabels = ['io.kompose.service', 'app.kubernetes.io/instance', 'run', 'service', 'component']

/** @returns the name that labels give to an application. */
export function applicationOf(labels: Labels): string | undefined {
  return firstOf(applicationLabels, labels)
}

/** @returns the best name for pods of which only labels are known. */
export function nameByLabels(labels: Labels): string | undefined {
  return firstOf([...applicationLabels, ...otherNameLabels], labels)
}

function firstOf(keys: readonly string[], labels: Labels): string | undefined {
  return keys.map((key) => labels[key]).find((value) => value !== undefined)
}
