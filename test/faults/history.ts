import { createHash } from 'node:crypto'

/** One request of a client with its answer. Times are milliseconds of one monotonic clock. */
export interface Attempt {
  action: 'sign-in' | 'exchange' | 'refresh' | 'call' | 'revoke' | 'leave'
  /** The client session it belongs to; its code's, before there are tokens. */
  family: string
  /** What was presented, as a hash: a code, a token. */
  credential?: string
  startedAt: number
  answeredAt: number
  /** 0 when no answer came. */
  status: number
  /** What the answer said, when it refused. */
  refusal?: string
  /** The answer was about somebody else. */
  stranger?: boolean
}

/** A time of trouble and how it passed. */
export interface FaultPeriod {
  name: string
  /** What is served all the same, if after a wait. */
  invisibleTo: readonly Attempt['action'][]
  /** The longest time for which that is promised, in milliseconds; absent: however long it lasts. */
  promisedFor?: number | undefined
  beganAt: number
  healedAt: number
  /** When everything worked again. */
  greenAt: number
  /** Until here nothing was disturbed. */
  calmUntil: number
}

/** Everything that happened in a run. */
export interface History {
  readonly attempts: readonly Attempt[]
  readonly faults: readonly FaultPeriod[]
  /** Makes a request and writes down how it went. */
  readonly record: (
    about: Pick<Attempt, 'action' | 'family' | 'credential'>,
    request: () => Promise<Response>,
    isStranger?: (text: string) => boolean,
  ) => Promise<Answer>
  readonly addFault: (fault: FaultPeriod) => void
}

export interface Answer {
  status: number
  text: string
}

export function createHistory(): History {
  const attempts: Attempt[] = []
  const faults: FaultPeriod[] = []
  return {
    attempts,
    faults,
    addFault: (fault) => void faults.push(fault),
    async record(about, request, isStranger = () => false) {
      const startedAt = performance.now()
      const answer = await answerOf(request)
      const answeredAt = performance.now()
      const { status, text } = answer
      attempts.push({
        ...about,
        startedAt,
        answeredAt,
        status,
        ...(status === 200 ? { stranger: isStranger(text) } : { refusal: text.slice(0, 200) }),
      })
      return answer
    },
  }
}

async function answerOf(request: () => Promise<Response>): Promise<Answer> {
  try {
    const response = await request()
    return { status: response.status, text: await response.text() }
  } catch (error) {
    return { status: 0, text: error instanceof Error ? `${error.message}: ${String(error.cause)}` : '' }
  }
}

/** How a secret stands in the history. */
export function fingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 12)
}
