import Koa from 'koa'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { createArchitecture } from './architecture/architecture.ts'
import { createReadApart } from './architecture/importers/read-apart.ts'
import type { TraceIngest } from './architecture/ingestion/trace-ingest.ts'
import { createPendingImports } from './architecture/pending-imports.ts'
import { createAuthorizationServer } from './authorization-server/authorization-server.ts'
import type { Config } from './config.ts'
import { createDashboard } from './dashboard/router.ts'
import type { Domain } from './domain/domain.ts'
import type { Mailer } from './domain/mail.ts'
import { createIdentityExchange } from './domain/identity-exchange.ts'
import { createOrganizationSignIns } from './domain/organization-sign-in.ts'
import { createSecrets } from './domain/secrets.ts'
import { createTokenMails } from './domain/token-mails.ts'
import { createAllowedOrigins } from './http/allowed-origins.ts'
import { createAssets } from './http/assets.ts'
import { connectionReport } from './http/connection.ts'
import { createCredentialCheck } from './http/credentials.ts'
import { createCsrf } from './http/csrf.ts'
import { errorHandler } from './http/error-handler.ts'
import { createInvitationLimit } from './http/invitation-limit.ts'
import { health, type Readiness } from './http/health.ts'
import { createOrganizationLimit } from './http/organization-limit.ts'
import { createPasskeyCeremonies } from './http/passkey-ceremonies.ts'
import { createLeakReport } from './http/leak-reports.ts'
import { requestContext, type RequestState } from './http/request-context.ts'
import { requestTarget } from './http/request-target.ts'
import { createCountResetRequest } from './http/reset-requests.ts'
import { securityHeaders } from './http/security-headers.ts'
import { createSignInForm } from './http/sign-in-form.ts'
import { createUploadLimit } from './http/upload-limit.ts'
import { createViews } from './http/views.ts'
import { createTraceEndpoint } from './ingest/trace-endpoint.ts'
import { createMcpEndpoint } from './mcp/endpoint.ts'
import { createPlainCalls } from './mcp/plain-calls.ts'
import { protectedResourceMetadata } from './mcp/protected-resource-metadata.ts'
import { createMcpServers } from './mcp/server.ts'
import type { ServerFactory } from './mcp/session-calls.ts'
import { tools } from './mcp/tools/tools.ts'
import { packageVersion } from './package.ts'
import { createVerifyIdentityToken } from './upstream/identity-tokens.ts'
import type { ProviderFetch } from './upstream/public-fetch.ts'
import { createUpstream } from './upstream/upstream.ts'
import type { Store } from './storage/contract.ts'

export interface AppDeps {
  config: Config
  store: Store
  /** On the same store. */
  domain: Domain
  logger: Logger
  readiness: Readiness
  /** Fetches client ID metadata documents; a test may answer in its place. */
  fetch: typeof globalThis.fetch
  mailer: Mailer
  /** On the same store; whoever made it ends it. */
  traceIngest: TraceIngest
  /** Answers MCP requests in place of our tools; for tests of what lies before them. */
  mcpServerFor?: ServerFactory
  /** Asks sign-in providers of organizations and issuers of identity tokens, and no host that is not public. */
  publicFetch: ProviderFetch
  /** The TXT records of a name, each in parts. */
  resolveTxt: (name: string) => Promise<string[][]>
  now: () => number
}

/** Composition root: builds every part, and lists the middleware in the order a request meets them. */
export async function createApp({
  config,
  store,
  domain,
  logger,
  readiness,
  fetch,
  mailer,
  traceIngest,
  mcpServerFor,
  publicFetch,
  resolveTxt,
  now,
}: AppDeps): Promise<Koa<RequestState>> {
  const { publicUrl, trustedProxies } = config
  const secure = publicUrl.startsWith('https:')
  const secrets = createSecrets(config.secretKeys)
  const metrics = new Registry()
  collectDefaultMetrics({ register: metrics })

  const architecture = createArchitecture({ blobs: store.blobs, now, read: createReadApart() })
  const assets = createAssets()
  const render = createViews({ assetUrl: assets.url, now })
  const csrf = createCsrf({ secrets, publicUrl })
  const credentials = createCredentialCheck({ ...domain, limiter: store.limiter })
  const invitationLimit = createInvitationLimit({ limiter: store.limiter })
  const passkeyCeremonies = createPasskeyCeremonies({
    ...domain,
    artifacts: store.artifacts,
    publicUrl,
    csrf,
    now,
  })
  const isAllowedOrigin = createAllowedOrigins(publicUrl)
  const upstream = createUpstream({
    publicUrl,
    artifacts: store.artifacts,
    limiter: store.limiter,
    secrets,
    fetch: (url, request) => fetch(url, request),
    publicFetch,
    now,
  })
  const { signInProvider, organizationCreation } = config
  const signInForm = createSignInForm({ render, csrf, passkeyCeremonies, signInProvider })
  const shared = {
    ...domain,
    signInProvider,
    organizationSignIns: createOrganizationSignIns({
      ...domain,
      documents: store.documents,
      secrets,
      resolveTxt,
      now,
    }),
    identityExchange: createIdentityExchange({
      ...domain,
      publicUrl,
      artifacts: store.artifacts,
      limiter: store.limiter,
      verify: createVerifyIdentityToken({ publicFetch, now }),
      now,
    }),
    organizationCreation,
    mailer,
    publicUrl,
    render,
    csrf,
    credentials,
    invitationLimit,
    leakReport: createLeakReport({
      ...domain,
      tokenMails: createTokenMails({ ...domain, mailer, publicUrl, now }),
      limiter: store.limiter,
    }),
    organizationLimit: createOrganizationLimit({ limiter: store.limiter }),
    passkeyCeremonies,
    signInForm,
    now,
  }

  const forTools = { tools, auditLog: domain.auditLog, architecture, publicUrl, now }

  const authorizationServer = await createAuthorizationServer({
    ...shared,
    clientMetadataDocuments: config.clientMetadataDocuments,
    store,
    secrets,
    isAllowedOrigin,
    fetch: (url, options) => fetch(url, options),
  })

  const app = new Koa<RequestState>()
  app.keys = secrets.keysFor('cookies')
  app.silent = true // The error handler logs; Koa would print a second time.
  app.use(requestContext({ logger, trustedProxies, now }))
  app.use(health({ readiness, ping: store.ping, metrics }))
  app.use(connectionReport({ publicUrl, trustedProxies, now }))
  app.use(securityHeaders({ secure }))
  app.use(errorHandler({ render }))
  app.use(requestTarget({ app, publicUrl }))
  const version = packageVersion()
  app.use(
    await createMcpEndpoint({
      ...shared,
      store,
      tools,
      serverFor: mcpServerFor ?? createMcpServers({ ...forTools, version }),
      plainCalls: mcpServerFor ? undefined : createPlainCalls({ ...forTools, version }),
      isAllowedOrigin,
      readiness,
      logger,
    }),
  )
  app.use(protectedResourceMetadata({ publicUrl }))
  app.use(assets.middleware)
  app.use(createTraceEndpoint({ ...shared, limiter: store.limiter, traceIngest }))
  app.use(authorizationServer.requests.routes())
  app.use(authorizationServer.interactions.routes())
  app.use(
    createDashboard({
      ...shared,
      readAsset: assets.read,
      upstream,
      signIns: authorizationServer.signIns,
      countResetRequest: createCountResetRequest(store),
      architecture,
      uploadLimit: createUploadLimit(store),
      pendingImports: createPendingImports({ artifacts: store.artifacts, secrets, now }),
      trustedProxies,
      storeWarnings: store.warnings,
    }),
  )
  for (const middleware of authorizationServer.protocol) app.use(middleware)
  return app
}
