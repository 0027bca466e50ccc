import type { LookupAddress, LookupAllOptions } from 'node:dns'
import type { IncomingMessage } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import type { LookupFunction } from 'node:net'
import { hasPublicHost } from '../domain/public-host.ts'
import { isPublicAddress } from './special-use-addresses.ts'

/** How a provider is asked; of the Fetch API as much as openid-client uses. */
export type ProviderFetch = (url: string, request: ProviderRequest) => Promise<Response>

export interface ProviderRequest {
  method: string
  headers: Record<string, string>
  body: string | null
  redirect: 'manual'
  signal: AbortSignal | null
}

/** Resolves a name to all its addresses, as `dns.lookup` does. */
export type LookupAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

const maximumBytes = 512 * 1024

/**
 * Fetches from hosts that an organization's owner names, which must not become a way into our own network: https on
 * the default port, no literal address, no redirect, a small answer, and a connection to a public address only. The
 * address is checked in the lookup that the connection itself makes, so a name cannot change its mind in between.
 */
export function createPublicFetch({ lookup }: { lookup: LookupAll }): ProviderFetch {
  const checkedLookup: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '')
      if (!addresses.every(({ address }) => isPublicAddress(address))) {
        return callback(new Error(`${hostname} leads to an address that is not public`), '')
      }
      const [first] = addresses
      if (options.all) callback(null, addresses)
      else callback(null, first?.address ?? '', first?.family)
    })
  }

  return async (url, { method, headers, body, signal }) => {
    const target = new URL(url)
    if (target.protocol !== 'https:' || !hasPublicHost(target)) {
      throw new Error(`${target.origin} is no public host behind https`)
    }
    const response = await send(
      target,
      { method, headers, signal: signal ?? undefined, lookup: checkedLookup },
      body,
    )
    const { statusCode, headers: answered } = response
    const type = answered['content-type']
    // A redirect is an answer like any other, and none that is expected: nobody follows it.
    return new Response(await readLimited(response), {
      status: statusCode ?? 0,
      headers: type === undefined ? {} : { 'content-type': type },
    })
  }
}

function send(url: URL, options: RequestOptions, body: string | null): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // Without an agent every request looks its host up, and is checked.
    const sent = request(url, { ...options, agent: false }, resolve)
    sent.on('error', reject)
    sent.end(body ?? undefined)
  })
}

async function readLimited(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    // Leaving the loop destroys the response.
    if (size > maximumBytes) throw new Error(`the answer is larger than ${maximumBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
