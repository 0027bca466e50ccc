import { AsyncLocalStorage } from 'node:async_hooks'
import type { Middleware } from 'koa'
import type { RequestState } from '../../src/http/request-context.ts'
import type { Store } from '../../src/storage/contract.ts'

/** Of a request that is to stop, such as `a7 before 3`: its name, and where. See {@link createStops}. */
export const stopHeader = 'x-test-stop'

interface Stop {
  name: string
  moment: string
  call: number
  /** Calls to the store so far. */
  calls: number
}

/**
 * Requests that stop for ever before they make, or after they have made, their first, second, … call to the store. When
 * the process is killed, it is killed at that point of each of them.
 * @param report hears which request has stopped, and the call, such as `artifacts.consume AuthorizationCode`
 */
export function createStops(report: (request: string, call: string) => void) {
  const running = new AsyncLocalStorage<Stop>()

  function stop({ name }: Stop, call: string): Promise<never> {
    report(name, call)
    return new Promise(() => {})
  }

  function stoppable<Part extends object>(partName: string, part: Part): Part {
    return new Proxy(part, {
      get(target, name, receiver) {
        const member: unknown = Reflect.get(target, name, receiver)
        if (typeof member !== 'function') return member
        return async (...args: unknown[]): Promise<unknown> => {
          const request = running.getStore()
          const isHere = request !== undefined && ++request.calls === request.call
          const call = `${partName}.${String(name)} ${subjectOf(args[0])}`
          if (isHere && request.moment === 'before') return stop(request, call)
          const answer: unknown = await Reflect.apply(member, target, args)
          return isHere ? stop(request, call) : answer
        }
      },
    })
  }

  return {
    /** Comes before all other middleware. */
    middleware: (async (ctx, next) => {
      const [name = '', moment = '', call] = ctx.get(stopHeader).split(' ')
      return name === '' ? next() : running.run({ name, moment, call: Number(call), calls: 0 }, next)
    }) satisfies Middleware<RequestState>,
    wrap: (store: Store): Store => ({
      ...store,
      artifacts: stoppable('artifacts', store.artifacts),
      documents: stoppable('documents', store.documents),
      logs: stoppable('logs', store.logs),
      limiter: stoppable('limiter', store.limiter),
      bus: stoppable('bus', store.bus),
      blobs: stoppable('blobs', store.blobs),
    }),
  }
}

/** What a call is about: most begin with a model or kind, `put` with a record that has one. */
function subjectOf(argument: unknown): string {
  return typeof argument === 'string' ? argument : ((argument as { model?: string } | undefined)?.model ?? '')
}
