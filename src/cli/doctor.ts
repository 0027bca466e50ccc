import { type Config, parseConfig } from '../config.ts'
import { type Diagnosis, diagnose } from '../diagnosis/diagnosis.ts'
import { checks, type Finding, judgeStore } from '../diagnosis/finding.ts'
import { createProbe } from '../diagnosis/probe.ts'
import { DomainError } from '../domain/errors.ts'
import { openStore } from '../storage/open.ts'
import type { DoctorOptions } from './command-line.ts'

type Environment = Record<string, string | undefined>

/**
 * Examines a running server as clients meet it, and prints what holds and how to mend the rest. Without an address it
 * is the server of this environment, whose Redis is examined as well.
 * @throws {DomainError} `conflict` when something is broken
 */
export async function runDoctor(
  address: string | undefined,
  options: DoctorOptions,
  environment: Environment,
): Promise<void> {
  const config = address === undefined ? parseConfig(environment) : undefined
  const diagnosis = await diagnose(address ?? config?.publicUrl ?? '', {
    probe: createProbe(),
    now: Date.now,
    token: options.token ?? environment['OPENTRACE_API_TOKEN'],
  })
  if (config?.redisUrl !== undefined) diagnosis.findings.push(...judgeStore(await readStoreWarnings(config)))
  console.log(options.json ? JSON.stringify(diagnosis, undefined, 2) : describe(diagnosis))
  const faults = diagnosis.findings.filter(({ outcome }) => outcome === 'broken').length
  if (faults > 0) {
    throw new DomainError('conflict', faults === 1 ? '1 thing is broken.' : `${faults} things are broken.`)
  }
}

async function readStoreWarnings(config: Config): Promise<string[]> {
  const store = await openStore(config)
  try {
    return await store.warnings()
  } finally {
    await store.close()
  }
}

const marks: Record<Finding['outcome'], string> = {
  holds: 'ok       ',
  doubtful: 'look at  ',
  broken: 'BROKEN   ',
  unchecked: '–        ',
}

function describe({ endpoint, findings }: Diagnosis): string {
  const indent = ' '.repeat(marks.holds.length)
  const lines = findings.flatMap(({ check, outcome, says, mend }) => [
    `${marks[outcome]}${checks[check]}`,
    // Part of it comes from the server and whatever stands in front, and a terminal obeys control characters.
    ...[says, ...(mend === undefined ? [] : [`→ ${mend}`])]
      .flatMap((text) => text.split('\n'))
      .map((line) => `${indent}${line.replaceAll(/\p{C}/gu, '?')}`),
  ])
  return [endpoint, '', ...lines, ''].join('\n')
}
