/** Nearly all calls are answered within it; people do not give up sooner. In milliseconds. */
const moment = 50

/** @returns what is promised, or undefined where that takes longer than a moment or fails: then look at the promise again */
export function withinMoment<T>(promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const settle = (value?: T) => {
      clearTimeout(timer)
      resolve(value)
    }
    const timer = setTimeout(() => settle(), moment)
    promise.then(settle, () => settle())
  })
}
