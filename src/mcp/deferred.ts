/** A promise that is resolved from outside; `Promise.withResolvers` of Node 22, as far as it is needed. */
export interface Deferred {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

export function createDeferred(): Deferred {
  let resolver: (() => void) | undefined
  const promise = new Promise<void>((resolve) => {
    resolver = resolve
  })
  return { promise, resolve: () => resolver?.() }
}
