/** What is looked at, in the order of the report. */
export const checks = {
  address: 'The address',
  reach: 'The way there',
  tls: 'The certificate',
  server: 'The server behind the address',
  clock: 'The clocks',
  client_address: 'The address of clients',
  streaming: 'Streams',
  body_size: 'Size of messages',
  challenge: 'First contact of a client',
  resource_metadata: 'Protected resource metadata',
  server_metadata: 'Authorization server metadata',
  registration: 'Registration of clients',
  authorization: 'Authorization up to the sign-in page',
  token: 'The token endpoint',
  cors: 'Clients in web pages',
  whoami: 'A call with a token',
  store: 'The store',
} as const satisfies Record<string, string>

export type CheckName = keyof typeof checks

/** What one check found. */
export interface Finding {
  check: CheckName
  /** `doubtful` works today and deserves a look; `unchecked` could not be looked at because of what is broken before. */
  outcome: 'holds' | 'doubtful' | 'broken' | 'unchecked'
  /** One sentence or two, for whoever runs the server. */
  says: string
  /** What to do about it. */
  mend?: string | undefined
}

/** @returns that all is as it should be */
export function holds(check: CheckName, says: string): Finding {
  return { check, outcome: 'holds', says }
}

/** @returns something that works today and deserves a look */
export function doubtful(check: CheckName, says: string, mend: string): Finding {
  return { check, outcome: 'doubtful', says, mend }
}

/** @returns what keeps clients from working, and what to do */
export function broken(check: CheckName, says: string, mend: string): Finding {
  return { check, outcome: 'broken', says, mend }
}

/** Where the store itself says what is wrong with it, which no request can find out. */
export function judgeStore(warnings: readonly string[]): Finding[] {
  if (warnings.length === 0) return [holds('store', 'It has nothing to complain about.')]
  return warnings.map((warning) =>
    broken('store', warning, 'Change that setting of the store and restart it: data is at stake.'),
  )
}
