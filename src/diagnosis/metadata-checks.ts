import { z } from 'zod'
import { broken, type Finding, holds } from './finding.ts'
import { type Answer, describeAnswer, parseDocument, type Probe } from './probe.ts'
import type { Target } from './target.ts'

/** What clients need to know of a protected resource (RFC 9728 §2). */
const ResourceMetadata = z.object({
  resource: z.string(),
  authorization_servers: z.tuple([z.string()]).rest(z.string()),
  scopes_supported: z.array(z.string()).default([]),
})
export type ResourceMetadata = z.infer<typeof ResourceMetadata>

/** What clients need to know of an authorization server (RFC 8414 §2). */
const ServerMetadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  registration_endpoint: z.url().optional(),
  scopes_supported: z.array(z.string()).default([]),
  code_challenge_methods_supported: z.array(z.string()).default([]),
  token_endpoint_auth_methods_supported: z.array(z.string()).default([]),
  client_id_metadata_document_supported: z.boolean().default(false),
})
export type ServerMetadata = z.infer<typeof ServerMetadata>

/** As Claude Code sends with every document it reads. */
const metadataHeaders = { accept: 'application/json', 'mcp-protocol-version': '2025-11-25' }
const resourcePath = '/.well-known/oauth-protected-resource'
const passBodies =
  'Have the proxy pass bodies on unchanged, and see that nothing else answers under /.well-known/ of this host.'
const passHeaders =
  'Have the proxy pass WWW-Authenticate and bodies of errors on (in nginx: no proxy_hide_header, no proxy_intercept_errors), and leave sign-in to this server.'

/** The first request of every client: refused, with word where to sign in. */
export async function checkChallenge({ url, origin, path }: Target, probe: Probe): Promise<Finding[]> {
  const answer = await probe(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'server/discover',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 'server-discover-probe-1',
      method: 'server/discover',
      params: {},
    }),
  })
  return [judgeChallenge(answer, `${origin}${resourcePath}${path}`)]
}

function judgeChallenge(answer: Answer, expected: string): Finding {
  const { status, headers } = answer
  const challenge = headers['www-authenticate']
  if (status >= 300 && status < 400) {
    return broken(
      'challenge',
      `The endpoint redirects to ${headers.location ?? 'elsewhere'} (${status}); clients post, and do not follow.`,
      'Take the redirect out of the proxy; often it adds a slash at the end.',
    )
  }
  if (status === 401 && challenge === undefined) {
    return broken(
      'challenge',
      'The refusal arrives without WWW-Authenticate, so that clients are not told where to sign in.',
      passHeaders,
    )
  }
  if (status !== 401) {
    return broken(
      'challenge',
      `Without a token the endpoint must answer 401, but it is ${describeAnswer(answer)}.`,
      status === 404
        ? 'Have the proxy pass the path on as it came: it seems to strip or add something.'
        : status === 403
          ? 'A rule in front refuses it, such as that of a firewall for web applications: let clients pass.'
          : 'See what in front of the server answers in its place.',
    )
  }
  const named = /resource_metadata="([^"]*)"/.exec(challenge ?? '')?.[1]
  if (named !== expected) {
    return broken(
      'challenge',
      `WWW-Authenticate leads to ${named ?? 'no metadata at all'}, not to ${expected}.`,
      passHeaders,
    )
  }
  return parseDocument(answer) === undefined
    ? broken(
        'challenge',
        'The sentence for people is missing from the body: something in front replaced it.',
        passHeaders,
      )
    : holds('challenge', 'Without a token it is refused (401), with word where to sign in.')
}

/** The documents that say who issues tokens for the endpoint: at its path, and at the root for older clients. */
export async function checkResourceMetadata(
  target: Target,
  probe: Probe,
): Promise<{ findings: Finding[]; metadata: ResourceMetadata | undefined }> {
  const { origin, path, url } = target
  const [answer, atRoot] = await Promise.all(
    [path, ''].map((suffix) => probe(`${origin}${resourcePath}${suffix}`, { headers: metadataHeaders })),
  )
  const metadata = documentOf(ResourceMetadata, answer)
  if (!answer || !metadata) return { findings: [missing('resource_metadata', answer)], metadata }
  const { resource, authorization_servers: servers } = metadata
  const fault =
    resource !== url
      ? broken(
          'resource_metadata',
          `The server names the resource ${resource}, clients are configured with ${url}: ${difference(resource, url)}. Byte for byte they must be the same (RFC 9728 §3.3).`,
          resource.startsWith(origin)
            ? passBodies
            : `Set PUBLIC_URL=${origin} and restart the server, or ${lowerFirst(passBodies)}`,
        )
      : servers[0] !== origin
        ? broken(
            'resource_metadata',
            `It names the authorization server ${servers[0]}, not ${origin}: ${difference(servers[0], origin)}.`,
            passBodies,
          )
        : !documentOf(ResourceMetadata, atRoot)
          ? missing('resource_metadata', atRoot)
          : undefined
  const fine = holds(
    'resource_metadata',
    `It names ${resource}, byte for byte, and ${origin} as who issues tokens for it.`,
  )
  return { findings: [fault ?? fine], metadata }
}

/** The document that says where and how to get tokens, under both of its names. */
export async function checkServerMetadata(
  { origin }: Target,
  probe: Probe,
): Promise<{ findings: Finding[]; metadata: ServerMetadata | undefined }> {
  const [answer, second] = await Promise.all(
    ['oauth-authorization-server', 'openid-configuration'].map((name) =>
      probe(`${origin}/.well-known/${name}`, { headers: metadataHeaders }),
    ),
  )
  const metadata = documentOf(ServerMetadata, answer)
  if (!metadata) return { findings: [missing('server_metadata', answer)], metadata }
  const fine = holds(
    'server_metadata',
    `The issuer is ${metadata.issuer}, byte for byte, and its endpoints are there.`,
  )
  const isThere = documentOf(ServerMetadata, second)?.issuer === metadata.issuer
  return {
    findings: [
      judgeServerMetadata(metadata, origin) ?? (isThere ? fine : missing('server_metadata', second)),
    ],
    metadata,
  }
}

function judgeServerMetadata(metadata: ServerMetadata, origin: string): Finding | undefined {
  if (metadata.issuer !== origin) {
    return broken(
      'server_metadata',
      `The issuer is ${metadata.issuer}, but was asked for at ${origin}: ${difference(metadata.issuer, origin)}. Clients refuse that (RFC 8414 §3.3).`,
      metadata.issuer.startsWith(origin)
        ? passBodies
        : `Set PUBLIC_URL=${origin} and restart the server, or ${lowerFirst(passBodies)}`,
    )
  }
  const { authorization_endpoint, token_endpoint, registration_endpoint } = metadata
  const foreign = [authorization_endpoint, token_endpoint, registration_endpoint].find(
    (endpoint) => endpoint !== undefined && !endpoint.startsWith(`${origin}/`),
  )
  if (foreign !== undefined) {
    return broken('server_metadata', `It names ${foreign}, which is not at ${origin}.`, passBodies)
  }
  const lacks = [
    !metadata.code_challenge_methods_supported.includes('S256') &&
      'S256 among code_challenge_methods_supported',
    !metadata.token_endpoint_auth_methods_supported.includes('none') &&
      'none among token_endpoint_auth_methods_supported',
    registration_endpoint === undefined && 'a registration_endpoint',
  ].filter((name) => name !== false)
  return lacks.length === 0
    ? undefined
    : broken('server_metadata', `It lacks ${lacks.join(' and ')}.`, passBodies)
}

function documentOf<T extends z.ZodType>(schema: T, answer: Answer | undefined): z.infer<T> | undefined {
  return answer?.status === 200 ? schema.safeParse(parseDocument(answer)).data : undefined
}

function missing(check: 'resource_metadata' | 'server_metadata', answer: Answer | undefined): Finding {
  return broken(
    check,
    answer
      ? `${answer.url} must be a JSON document, but is ${describeAnswer(answer)}.`
      : 'It was not answered.',
    'Have the proxy pass everything under /.well-known/ on to this server; certificate tools often take that path.',
  )
}

/** What is different about two addresses that should be the same, in words. */
function difference(found: string, expected: string): string {
  if (found === `${expected}/`) return 'a slash was added at its end'
  const [a, b] = [URL.parse(found), URL.parse(expected)]
  if (!a || !b) return 'it is no address'
  if (a.hostname !== b.hostname) return `its host is ${a.hostname}`
  if (a.protocol !== b.protocol) return `its scheme is ${a.protocol.slice(0, -1)}`
  if (a.port !== b.port) return `its port is ${a.port === '' ? 'the default one' : a.port}`
  return a.pathname === b.pathname ? 'it is written differently' : `its path is ${a.pathname}`
}

function lowerFirst(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`
}
