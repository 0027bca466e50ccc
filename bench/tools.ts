import { createArchitecture } from '../src/architecture/architecture.ts'
import type { GraphIndex } from '../src/architecture/graph-index.ts'
import { graphOf } from '../src/architecture/joined-graph.ts'
import { indexGraph } from '../src/architecture/loading.ts'
import type { Graph } from '../src/architecture/model.ts'
import { findClosure } from '../src/architecture/queries/dependency-closure.ts'
import type { Section } from '../src/architecture/sections.ts'
import { decodeSnapshot, emptySnapshot, encodeSnapshot, type Snapshot } from '../src/architecture/snapshot.ts'
import { tools } from '../src/mcp/tools/tools.ts'
import { createMemoryBlobs } from '../test/support/memory-blobs.ts'
import { layeredGraph } from '../test/support/random-graphs.ts'
import { call } from '../test/support/tool-calls.ts'
import { questionsAbout } from '../test/support/tool-questions.ts'
import { collectGarbage, findHeldBytes, measure, percentileOf, type Duration } from './own-process.ts'

/** How long answers took, median and 95 of 100. */
export interface Percentiles {
  p50: Duration
  p95: Duration
}

/** What a stored graph of some size costs the process that answers about it. */
export interface ToolFigures {
  entities: number
  relations: number
  storedBytes: number
  /** The first load of this process, step by step: nothing was compiled before. */
  coldLoad: { decode: Duration; join: Duration; index: Duration; whole: Duration }
  /** A load after some others. */
  warmLoad: Duration
  /** Of the loaded graph, its index and all that answers have kept beside it. */
  heldBytes: number
  residentBytes: number
  /** All that depends on the entity that most depend on, to the end. */
  closure: Percentiles & { reached: number }
  criticality: Duration
  tools: Record<string, Percentiles & { first: Duration }>
}

const organizationId = 'org'
/** Enough that the slowest twentieth are several calls. */
const rounds = 40

/** Stores a system of that size, loads it, and asks each tool its costly questions about the busiest entities. */
export async function measureTools(entities: number, relations: number): Promise<ToolFigures> {
  const former = snapshotOf(layeredGraph(1, entities, relations))
  const newer = changed(former)
  const bytes = await encodeSnapshot(newer)
  const before = findHeldBytes()
  const { coldLoad, warmLoad } = await measureLoads(bytes)

  const blobs = createMemoryBlobs()
  await blobs.put(`graph:${organizationId}:1`, await encodeSnapshot(former), 0)
  await blobs.put(`graph:${organizationId}`, bytes, 0)
  const architecture = createArchitecture({ blobs, now: () => 0 })
  const loaded = await architecture.load(organizationId)
  const { index } = loaded
  const closure = await measureClosure(index)
  const { cpuMs, wallMs } = await measure(() => loaded.criticality.scores())
  // What loads left behind is nobody's answer.
  collectGarbage()
  const busiest = (at: number) => index.entities[index.ranking[at] ?? 0]?.name ?? ''
  const times: ToolFigures['tools'] = {}
  for (const tool of tools) {
    const questions = questionsAbout(busiest)[tool.name] ?? []
    const durations: Duration[] = []
    for (let round = 0; round <= rounds && questions.length > 0; round += 1)
      for (const question of questions)
        durations.push(await measure(() => call(tool, question, architecture)))
    const [first] = durations
    // A process that has answered for a while: what is compiled meanwhile counts as `first`.
    if (first !== undefined)
      times[tool.name] = { first, ...percentilesOf(durations.slice(questions.length * 2)) }
  }
  return {
    entities: index.entities.length,
    relations: index.relations.length,
    storedBytes: bytes.byteLength,
    coldLoad,
    warmLoad,
    heldBytes: findHeldBytes() - before,
    residentBytes: process.memoryUsage.rss(),
    closure,
    criticality: { cpuMs, wallMs },
    tools: times,
  }
}

/** Most from manifests; a fifth is seen in traces too. */
function snapshotOf({ entities, relations }: Graph): Snapshot {
  const seen = relations.filter(({ type }, at) => type === 'calls' && at % 5 === 0)
  const ends = new Set(seen.flatMap(({ from, to }) => [from, to]))
  const sections = [
    sectionOf('kubernetes', { entities: [...entities], relations: [...relations] }),
    sectionOf('traces', {
      entities: entities
        .filter(({ ref }) => ends.has(ref))
        .map(({ ref, kind, name, namespace }) => ({
          ref,
          kind,
          name,
          namespace,
          aliases: [],
          attributes: {},
        })),
      relations: seen.map((relation) => ({
        ...relation,
        evidence: relation.evidence.map((each) => ({ ...each, method: 'trace', basis: 'observed' })),
      })),
    }),
  ]
  return { ...emptySnapshot, revision: 1, sections, history: [recordOf(1)] }
}

function sectionOf(id: 'kubernetes' | 'traces', said: Pick<Section, 'entities' | 'relations'>): Section {
  return {
    source: { id, kind: id, scope: id, importedAt: 0, checkedAt: 0, files: 1 },
    runId: id,
    ...said,
  }
}

/** A revision later: some relations are gone, and some entities are described anew. */
function changed(snapshot: Snapshot): Snapshot {
  const sections = snapshot.sections.map((section) => ({
    ...section,
    entities: section.entities.map((entity, at) =>
      at % 100 === 0 ? { ...entity, description: 'Described anew' } : entity,
    ),
    relations: section.relations.filter((_, at) => at % 100 !== 0),
  }))
  return { ...snapshot, revision: 2, sections, history: [...snapshot.history, recordOf(2)] }
}

function recordOf(revision: number): Snapshot['history'][number] {
  const none = { added: 0, removed: 0, changed: 0 }
  const nothing = { added: [], removed: [], changed: [] }
  return {
    revision,
    at: 0,
    cause: 'import',
    source: 'kubernetes',
    counts: { entities: none, relations: none },
    changes: { entities: nothing, relations: nothing },
  }
}

async function measureLoads(bytes: Uint8Array): Promise<Pick<ToolFigures, 'coldLoad' | 'warmLoad'>> {
  const loadOnce = async () => {
    const { value: snapshot, ...decode } = await measure(() => decodeSnapshot(bytes))
    const { value: graph, ...join } = await measure(() => graphOf(snapshot))
    const { value: _loaded, ...index } = await measure(() => indexGraph(graph, snapshot))
    return { decode, join, index, whole: sumOf(sumOf(decode, join), index) }
  }
  const coldLoad = await loadOnce()
  const later: Duration[] = []
  for (let round = 0; round < 2; round += 1) later.push((await loadOnce()).whole)
  return { coldLoad, warmLoad: percentilesOf(later).p50 }
}

async function measureClosure(index: GraphIndex): Promise<ToolFigures['closure']> {
  const starts = [index.ranking[0] ?? 0]
  const durations: Duration[] = []
  let reached = 0
  for (let round = 0; round < 60; round += 1) {
    const { value, ...duration } = await measure(() => findClosure(index, starts, { direction: 'upstream' }))
    reached = value.reached.length
    durations.push(duration)
  }
  return { reached, ...percentilesOf(durations.slice(10)) }
}

function percentilesOf(durations: readonly Duration[]): Percentiles {
  const at = (part: number): Duration => ({
    cpuMs: percentileOf(
      durations.map(({ cpuMs }) => cpuMs),
      part,
    ),
    wallMs: percentileOf(
      durations.map(({ wallMs }) => wallMs),
      part,
    ),
  })
  return { p50: at(0.5), p95: at(0.95) }
}

function sumOf(a: Duration, b: Duration): Duration {
  return { cpuMs: a.cpuMs + b.cpuMs, wallMs: a.wallMs + b.wallMs }
}

/** Prints all figures as Markdown, to be kept in docs/performance.md. */
export async function printTools(): Promise<void> {
  const figures = await measureTools(10_000, 50_000)
  const { coldLoad, warmLoad, closure, criticality } = figures
  console.log(`
Tools over ${count(figures.entities)} entities and ${count(figures.relations)} relations (${megabytes(figures.storedBytes)} as stored), inside the process;
CPU time of all its threads, and time on the clock in parentheses. Held for the graph: ${megabytes(figures.heldBytes)}; resident: ${megabytes(figures.residentBytes)}.

|     | ms |
| --- | --: |
| first load | ${presentDuration(coldLoad.whole)} |
| - decode | ${presentDuration(coldLoad.decode)} |
| - join | ${presentDuration(coldLoad.join)} |
| - index | ${presentDuration(coldLoad.index)} |
| later loads | ${presentDuration(warmLoad)} |
| scores for rank_critical, in slices | ${presentDuration(criticality)} |
| full closure (${count(closure.reached)} reached), p95 | ${presentDuration(closure.p95, 2)} |

| tool | first, ms | p50, ms | p95, ms |
| --- | --: | --: | --: |`)
  for (const [tool, { first, p50, p95 }] of Object.entries(figures.tools))
    console.log(
      `| ${tool} | ${presentDuration(first)} | ${presentDuration(p50, 1)} | ${presentDuration(p95, 1)} |`,
    )
}

function count(number: number): string {
  return number.toLocaleString('en')
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}

function presentDuration({ cpuMs, wallMs }: Duration, digits = 0): string {
  return `${cpuMs.toFixed(digits)} (${wallMs.toFixed(digits)})`
}
