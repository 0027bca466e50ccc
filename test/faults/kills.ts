import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, createBrowser } from '../support/browser.ts'
import {
  authorize,
  callTool,
  exchangeFields,
  post,
  refresh,
  register,
  signIn,
  type Tokens,
} from '../support/oauth-client.ts'
import { processHeader } from '../support/server-process.ts'
import type { Build } from './build.ts'
import { type Site, startSite, type StoreName } from './site.ts'
import { stopHeader } from './stops.ts'

/** A client with a browser whose user is signed in. */
interface Client {
  origin: string
  clientId: string
  browser: Browser
}

/** Sends a code or a refresh token, which is always the same one, to the process at a port. */
type Present = (port: number, headers?: Record<string, string>) => Promise<Response>

type Moment = 'before' | 'after'

/** A request that is killed. */
interface Flow {
  name: string
  /** Gets a new code or refresh token. */
  prepare: (client: Client) => Promise<Present>
  /** Who presents it to several processes at once gets the same answer from each, or one alone is answered. */
  answered: 'everybody' | 'one'
  /** The death after which nobody is answered, because the server thinks that its client has been. */
  unanswerable?: string
}

const rotation: Flow = {
  name: 'rotation',
  async prepare({ origin, clientId, browser }) {
    const { refresh_token: token } = await signIn(origin, { clientId, browser })
    return (port, headers) =>
      refresh(origin, clientId, token, {}, { ...headers, [processHeader]: String(port) })
  },
  answered: 'everybody',
}

const codeExchange: Flow = {
  name: 'code exchange',
  async prepare({ origin, clientId, browser }) {
    const fields = exchangeFields(await authorize(origin, { clientId, browser }))
    return (port, headers) =>
      post(`${origin}/oauth/token`, fields, { ...headers, [processHeader]: String(port) })
  },
  answered: 'one',
  unanswerable: 'after artifacts.put ExchangedCode',
}

/** A request that has stopped at a call to the store, in a process that is to be killed. */
interface Stopped {
  flow: Flow
  present: Present
  moment: Moment
  /** Such as `after artifacts.consume AuthorizationCode`. */
  place: string
  /** Whether it was answered after all, once its connection is closed. */
  wasAnswered: Promise<boolean>
}

/**
 * kill -9 of a process before and after each store call of a rotation and of a code exchange. Its clients then try
 * again: they are signed in, and when they do so at two other processes at once, there are never two winners. As dying
 * before a call is dying after the one before it, an exchange is tried again at one process alone and at both.
 *
 * One process is killed for all: it has a request of another client session at each of these points.
 * @returns the broken promises, one sentence each
 */
export async function killAtEachCall(
  build: Build,
  storeName: StoreName,
  moments: readonly Moment[] = ['before', 'after'],
): Promise<string[]> {
  const site = await startSite(build, storeName)
  const { origin, doomed } = site
  try {
    const client = { origin, clientId: await register(origin), browser: createBrowser(origin) }
    const stopped = [
      ...(await stopAtEachCall(site, client, rotation, moments)),
      ...(await stopAtEachCall(site, client, codeExchange, moments)),
    ]
    await doomed.stop('SIGKILL')
    const violations: string[] = []
    for (const request of stopped) {
      const violation = (await request.wasAnswered) ? 'was answered' : await tryAgain(site, client, request)
      if (violation !== undefined)
        violations.push(`${request.flow.name} on ${storeName}, killed ${request.place}: ${violation}`)
    }
    console.log(
      `${storeName}: killed at ${stopped.length} points of ${rotation.name} and ${codeExchange.name}`,
    )
    return violations
  } finally {
    await site.stop()
  }
}

async function stopAtEachCall(
  site: Site,
  client: Client,
  flow: Flow,
  moments: readonly Moment[],
): Promise<Stopped[]> {
  const stopped: Stopped[] = []
  for (let call = 1; ; call++) {
    for (const moment of moments) {
      const request = await stopAt(site, await flow.prepare(client), { flow, call, moment })
      if (request) stopped.push(request)
      // It was answered, so it makes no such call.
      else if (call > 5) return stopped
      else throw new Error(`a ${flow.name} makes only ${call - 1} calls to the store`)
    }
  }
}

/** @returns undefined when it was answered instead */
async function stopAt(
  { doomed }: Site,
  present: Present,
  { flow, call, moment }: { flow: Flow; call: number; moment: Moment },
): Promise<Stopped | undefined> {
  const name = `${flow.name.replace(' ', '-')}-${call}-${moment}`
  let answer: Response | undefined
  const wasAnswered = present(doomed.port, { [stopHeader]: `${name} ${moment} ${call}` }).then(
    (response) => {
      answer = response
      return true
    },
    () => false,
  )
  const report = new RegExp(`^${name} stopped: (.*)$`, 'm')
  for (;;) {
    const [, place] = report.exec(doomed.output()) ?? []
    if (place !== undefined) return { flow, present, moment, place: `${moment} ${place}`, wasAnswered }
    if (answer?.status === 200) return undefined
    if (answer) throw new Error(`${name} was answered ${await answer.text()}`)
    await sleep(5)
  }
}

/** @returns what went wrong */
async function tryAgain(
  { origin, ports }: Site,
  { clientId, browser }: Client,
  { flow, present, moment, place }: Stopped,
): Promise<string | undefined> {
  const isRace = flow.answered === 'everybody' || moment === 'after'
  const answers = await Promise.all((isRace ? ports : ports.slice(0, 1)).map((port) => present(port)))
  const texts = await Promise.all(answers.map((answer) => answer.text()))
  const winners = texts.filter((_, i) => answers[i]?.status === 200).map((text) => JSON.parse(text) as Tokens)
  if (new Set(winners.map((tokens) => tokens.refresh_token)).size > 1) return `${winners.length} winners`
  if (flow.answered === 'everybody' && winners.length < answers.length) return texts.join(', ')
  let [tokens] = winners
  if (!tokens && place !== flow.unanswerable) return texts.join(', ')
  // Of two exchanges the later may come when the other is done: that is a replay, which ends the session.
  const isReplayed = flow.answered === 'one' && isRace && tokens && !(await isServed(origin, tokens))
  if (!tokens || isReplayed) tokens = await signIn(origin, { clientId, browser })
  return (await isServed(origin, tokens)) ? undefined : 'then a call was refused'
}

async function isServed(origin: string, { access_token: token }: Tokens): Promise<boolean> {
  return (await callTool(origin, token)).status === 200
}
