import { Worker } from 'node:worker_threads'
import type { DiagramLayout } from '../architecture/diagram/layout.ts'
import type { DiagramSelection } from '../architecture/diagram/selection.ts'

/** Lays diagrams out beside the thread that serves. */
export interface DiagramLayouts {
  /**
   * @param key Names the selection; the same key gets the same drawing.
   * @returns undefined when it takes longer than anybody wants to wait
   */
  readonly layOut: (key: string, selection: DiagramSelection) => Promise<DiagramLayout | undefined>
}

const keptDrawings = 40
const patienceMs = 10_000
const idleMs = 60_000

/** One thread, made when it is needed and ended when it is not. Drawings are kept: they follow from a revision. */
export function createDiagramLayouts(): DiagramLayouts {
  const kept = new Map<string, Promise<DiagramLayout | undefined>>()
  let worker: Worker | undefined
  let queue: Promise<unknown> = Promise.resolve()
  let idle: NodeJS.Timeout | undefined

  function end(): void {
    void worker?.terminate()
    worker = undefined
  }

  async function compute(selection: DiagramSelection): Promise<DiagramLayout | undefined> {
    clearTimeout(idle)
    // The compiled file: the server never runs from its sources.
    worker ??= new Worker(new URL('./diagram-worker.js', import.meta.url))
    // A thread that waits for work keeps no process alive.
    worker.unref()
    const drawing = await ask(worker, selection)
    if (drawing === undefined) end()
    idle = setTimeout(end, idleMs)
    idle.unref()
    return drawing
  }

  return {
    layOut: async (key, selection) => {
      const known = kept.get(key)
      if (known !== undefined) return known
      const drawing = queue.then(() => compute(selection))
      queue = drawing.catch(() => end())
      kept.set(key, drawing)
      const [oldest] = kept.keys()
      if (kept.size > keptDrawings && oldest !== undefined) kept.delete(oldest)
      drawing.then(
        (made) => made === undefined && kept.delete(key),
        () => kept.delete(key),
      )
      return drawing
    },
  }
}

function ask(worker: Worker, selection: DiagramSelection): Promise<DiagramLayout | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(() => resolve(undefined)), patienceMs)
    const settle = (act: () => void) => {
      clearTimeout(timer)
      worker.off('message', onMessage)
      worker.off('error', onError)
      act()
    }
    const onMessage = (drawing: DiagramLayout) => settle(() => resolve(drawing))
    const onError = (error: unknown) => settle(() => reject(error))
    worker.on('message', onMessage)
    worker.on('error', onError)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins, windows do
    worker.postMessage(selection)
  })
}
