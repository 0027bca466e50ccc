/**
 * Waits for `work`, but not for ever.
 * @param present makes the error to fail with of whatever went wrong
 */
export function withDeadline<T>(
  work: Promise<T>,
  ms: number,
  present: (cause: unknown) => Error = asError,
): Promise<T> {
  // By hand, since every command goes through here: `finally` and an async function would be three promises more.
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(present(new Error(`no answer within ${ms} ms`))), ms)
    const settle = (end: () => void) => {
      clearTimeout(timer)
      end()
    }
    work.then(
      (result) => settle(() => resolve(result)),
      (error: unknown) => settle(() => reject(present(error))),
    )
  })
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error('the work failed', { cause })
}
