/** A long computation in short steps: between two of them others may run. */
export type Steps<T> = Generator<undefined, T>

const sliceMs = 8

/**
 * Runs a computation in slices of about eight milliseconds, between which other requests are served. A step should take
 * a few milliseconds at most: a slice ends with the step that passes its time.
 */
export async function runInSlices<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const end = performance.now() + sliceMs
    let step = steps.next()
    while (!step.done && performance.now() < end) step = steps.next()
    if (step.done) return step.value
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Runs a computation at once. */
export function runAtOnce<T>(steps: Steps<T>): T {
  let step = steps.next()
  while (!step.done) step = steps.next()
  return step.value
}
