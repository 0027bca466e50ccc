import { bareName, comparedCalls, type Costs } from './costs.ts'

/** What is promised of an authenticated call, on one core: against the SDK without authentication, and against a bare request. */
const leastTimesSdk = 4
const mostTimesBare = 3

/** One ratio as a sentence, and whether it is as promised. */
export interface Comparison {
  sentence: string
  isKept: boolean
}

/** Compares the CPU time of our calls with the SDK's and, where it was measured, with that of a bare request. */
export function compare(costs: Costs): Comparison[] {
  const cpuOf = (name: string) => costs[name]?.cpuMicroseconds ?? Number.NaN
  return comparedCalls.flatMap(({ ours, sdk }) => {
    const timesSdk = cpuOf(sdk) / cpuOf(ours)
    const timesBare = cpuOf(ours) / cpuOf(bareName)
    return [
      {
        sentence: `${ours}: ${timesSdk.toFixed(1)} times the throughput per core of createMcpHandler (at least ${leastTimesSdk}).`,
        isKept: timesSdk >= leastTimesSdk,
      },
      ...(costs[bareName]
        ? [
            {
              sentence: `${ours}: ${timesBare.toFixed(1)} times the CPU of a bare authenticated request (at most ${mostTimesBare}).`,
              isKept: timesBare <= mostTimesBare,
            },
          ]
        : []),
    ]
  })
}
