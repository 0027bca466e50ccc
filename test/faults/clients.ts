import { setTimeout as sleep } from 'node:timers/promises'
import { createBrowser } from '../support/browser.ts'
import { authorize, callTool, exchangeFields, post, refresh, type Tokens } from '../support/oauth-client.ts'
import { type Answer, fingerprint, type History } from './history.ts'
import { between, type Random } from './random.ts'

export interface ClientDeps {
  origin: string
  clientId: string
  email: string
  history: History
  random: Random
  isStopped: () => boolean
  /** Takes the user out of the organization, and back in. */
  membership: { end: () => Promise<Response>; renew: () => Promise<void> }
}

interface SignedIn {
  family: string
  tokens: Tokens
}

/**
 * A client as people run them: signs in, calls, refreshes (now and then from two processes at once), and ends its session
 * at last, or its user leaves the organization; then begins again. It does nothing wrong, except that it sometimes
 * presents a code twice at once, and it gives that session up.
 */
export async function runClient(deps: ClientDeps): Promise<void> {
  const { origin, clientId, email, history, random, isStopped, membership } = deps
  const browser = createBrowser(origin)
  let families = 0

  /** @returns undefined when it has to begin again */
  async function signIn(): Promise<SignedIn | undefined> {
    const family = `${email.split('@', 1)[0]}/${++families}`
    let grant: Awaited<ReturnType<typeof authorize>> | undefined
    await history.record({ action: 'sign-in', family }, async () => {
      try {
        grant = await authorize(origin, { clientId, email, browser })
        return new Response()
      } catch (error) {
        // What page it failed on stands in the message; a browser that lost its connection has none.
        throw new Error('the sign-in did not get to its code', { cause: error })
      }
    })
    if (!grant) return undefined
    const fields = exchangeFields(grant)
    const about = { action: 'exchange', family, credential: fingerprint(grant.code) } as const
    const exchange = () => history.record(about, () => post(`${origin}/oauth/token`, fields))
    if (random() < 0.2) {
      await Promise.all([exchange(), exchange()])
      return undefined
    }
    let answer = await exchange()
    if (answer.status === 503) answer = await exchange()
    return answer.status === 200 ? { family, tokens: tokensOf(answer) } : undefined
  }

  const call = ({ family, tokens }: SignedIn) =>
    history.record(
      { action: 'call', family },
      () => callTool(origin, tokens.access_token),
      (text) => !text.includes(email),
    )

  /** Without an answer the client keeps what it has and tries again later. @returns false when it was refused */
  async function renew(session: SignedIn): Promise<boolean> {
    const { family, tokens } = session
    const presented = tokens.refresh_token
    const about = { action: 'refresh', family, credential: fingerprint(presented) } as const
    const once = () => history.record(about, () => refresh(origin, clientId, presented))
    const answers = await Promise.all(random() < 0.5 ? [once(), once()] : [once()])
    const served = answers.find(({ status }) => status === 200)
    if (served) session.tokens = tokensOf(served)
    return answers.every(({ status }) => status !== 400)
  }

  async function use(session: SignedIn): Promise<boolean> {
    if (random() < 0.25) return renew(session)
    return (await call(session)).status !== 401
  }

  async function end(session: SignedIn): Promise<void> {
    const { family, tokens } = session
    const leaves = random() < 0.5
    const fields = { client_id: clientId, token: tokens.refresh_token, token_type_hint: 'refresh_token' }
    let ended = false
    const watching = (async () => {
      for (let after = 0; after < 15; after += ended ? 1 : 0) {
        await call(session)
        await sleep(100)
      }
      await history.record({ action: 'refresh', family }, () =>
        refresh(origin, clientId, tokens.refresh_token),
      )
    })()
    while (!ended) {
      const answer = leaves
        ? await history.record({ action: 'leave', family }, membership.end)
        : await history.record({ action: 'revoke', family }, () => post(`${origin}/oauth/revoke`, fields))
      ended = answer.status === 200
      if (!ended) await sleep(200)
    }
    await watching
    if (leaves) await membership.renew()
  }

  while (!isStopped()) {
    const session = await signIn()
    if (!session) {
      await sleep(between(random, 200, 600))
      continue
    }
    let alive = true
    for (let uses = between(random, 5, 20); alive && uses > 0 && !isStopped(); uses--) {
      await sleep(between(random, 150, 700))
      alive = await use(session)
    }
    // The last of what was acknowledged must still work.
    if (alive && isStopped()) await renew(session)
    else if (alive) await end(session)
  }
}

function tokensOf(answer: Answer): Tokens {
  return JSON.parse(answer.text) as Tokens
}
