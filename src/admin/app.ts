import type { OpenAPIHono } from '@hono/zod-openapi'
import type { HonoRequest } from 'hono'
import { z } from 'zod'
import { HallpassError } from '../errors.ts'
import type { NeededLogin } from '../sessions/needed-logins.ts'
import type { Outcome } from '../sessions/outcome.ts'
import type { ShownExplanation } from '../sessions/shown-explanation.ts'
import type { SiteLogin } from '../sessions/site-logins.ts'
import { api } from './api.ts'
import type { ApiBackend } from './api-backend.ts'
import { HeldBytes, heldBody } from './held-body.ts'
import type { Measured } from './metric-table.ts'
import { metricsResponse } from './metrics.ts'
import { problemAnswer } from './problem.ts'
import type { Access, ClientRequest, ExplainRequest, IssuedClient, RunningClient, Status } from './wire.ts'
import { withoutCredentials } from './without-credentials.ts'

/** The running proxy and its state folder, as the admin app needs them. */
export interface AdminBackend {
  readonly api: ApiBackend
  status(): Promise<Omit<Status, 'clients'>>
  /** Starts to stop the proxy; the answer still goes out. */
  stop(): void
  access(session: string): Promise<Access>
  /** Ends the token in the URL of `access`. */
  rotateToken(session: string): Promise<void>
  issue(request: ClientRequest): Promise<IssuedClient>
  /** Resolves to undefined if no client has that id. */
  revoke(id: string): Promise<Outcome | undefined>
  clients(): readonly RunningClient[]
  explain(request: ExplainRequest): Promise<ShownExplanation>
  neededLogins(): Promise<readonly NeededLogin[]>
  siteLogins(): Promise<readonly SiteLogin[]>
  writeBundle(variables: Readonly<Record<string, string>>): Promise<void>
  measured(): Promise<Measured>
}

const hosts = z.array(z.string().max(300)).max(1000)

const runScope = { capture: hosts.optional(), only: hosts.optional(), strict: z.boolean().optional() }

const clientRequest = z.strictObject({
  session: z.string(),
  pid: z.int().positive(),
  program: z.string().max(4096),
  use: z.string().max(64).optional(),
  ...runScope,
})

const explainRequest = z.strictObject({
  session: z.string(),
  url: z.string().max(65_536),
  method: z.string().max(32),
  from: z.string().max(65_536).optional(),
  ...runScope,
})

const bundleRequest = z.strictObject({ variables: z.record(z.string().max(100), z.string().max(4096)) })

/** Larger than any request that hallpass sends. */
const maxBodyBytes = 256 * 1024

/**
 * The admin app: the documented routes, and those that only the commands of hallpass use. It has no listener: the server that
 * serves it decides who can reach it.
 */
export function adminApp(backend: AdminBackend): OpenAPIHono {
  const { spell } = backend.api
  const held = new HeldBytes()
  const app = api(backend.api, held)
  app.onError((error, { req }) =>
    problemAnswer(error, (hint) => spell(hint, req.param('id') ?? req.query('session'))),
  )
  app.notFound(({ req }) =>
    problemAnswer(new HallpassError('usage', `no ${req.method} ${req.path}`), spell, 404),
  )
  for (const path of ['/clients', '/explain', '/bundle']) app.use(path, heldBody(held, maxBodyBytes))

  app.get('/metrics', async () => metricsResponse(await backend.measured()))
  app.get('/status', async (context) =>
    context.json({ ...(await backend.status()), clients: backend.clients() }),
  )
  app.get('/needed-logins', async (context) => context.json(await backend.neededLogins()))
  app.get('/site-logins', async (context) => context.json(await backend.siteLogins()))
  app.post('/stop', (context) => {
    backend.stop()
    return context.json({ stopping: true }, 202)
  })
  app.get('/sessions/:id/access', async (context) => {
    const access = await backend.access(context.req.param('id'))
    const revealed = context.req.query('reveal') === 'true'
    if (revealed) backend.api.noteRevealed(access.session, 'the client token')
    const proxyUrl = revealed ? access.proxyUrl : withoutCredentials(access.proxyUrl)
    return context.json({ ...access, proxyUrl })
  })
  app.post('/sessions/:id/rotate-token', async (context) => {
    await backend.rotateToken(context.req.param('id'))
    return context.body(null, 204)
  })
  app.post('/clients', async (context) => {
    const request = await bodyOf(context.req, clientRequest)
    return context.json(await backend.issue(request as ClientRequest), 201)
  })
  app.delete('/clients/:client', async (context) => {
    const revoked = await backend.revoke(context.req.param('client'))
    if (revoked !== undefined) return context.json(revoked)
    return problemAnswer(new HallpassError('usage', 'no client has that id'), spell, 404)
  })
  app.post('/explain', async (context) => {
    const request = await bodyOf(context.req, explainRequest)
    return context.json(await backend.explain(request as ExplainRequest))
  })
  app.post('/bundle', async (context) => {
    const { variables } = await bodyOf(context.req, bundleRequest)
    await backend.writeBundle(variables)
    return context.body(null, 204)
  })
  return app
}

async function bodyOf<T>(request: HonoRequest, schema: z.ZodType<T>): Promise<T> {
  const value: unknown = await request.json().catch((error: unknown) => {
    throw new HallpassError('usage', 'the body is not JSON', { cause: error })
  })
  const parsed = schema.safeParse(value)
  if (!parsed.success)
    throw new HallpassError('usage', `the body has an error: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}
