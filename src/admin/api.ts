import { OpenAPIHono } from '@hono/zod-openapi'
import { maxSourceBytes } from '../formats/source.ts'
import type { ApiBackend } from './api-backend.ts'
import { type HeldBytes, heldBody } from './held-body.ts'
import { refuseIgnored } from './refuse-ignored.ts'
import { refuseInvalid } from './refuse-invalid.ts'
import { cookieRoutes } from './routes/cookies.ts'
import { credentialRoutes } from './routes/credentials.ts'
import { eventRoutes } from './routes/events.ts'
import { explainRoutes } from './routes/explain.ts'
import { healthRoutes } from './routes/health.ts'
import { sessionLifeRoutes } from './routes/session-life.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { storageRoutes } from './routes/storage.ts'
import { transferRoutes } from './routes/transfer.ts'

/** In JSON. The largest is a PUT of 3000 cookies. */
const maxBodyBytes = 4 * 1024 * 1024
/** The web storage of an origin has 10 MiB, and escapes make JSON larger. */
const maxStorageBytes = 24 * 1024 * 1024

/** The documented routes: what programs other than hallpass use. docs/api.md is made of them. */
export function api(backend: ApiBackend, held: HeldBytes): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: refuseInvalid })
  app.use(refuseIgnored(app))
  app.use('/sessions/:id/import', heldBody(held, maxSourceBytes))
  app.use('/sessions/:id/storage/:origin', heldBody(held, maxStorageBytes))
  for (const path of [
    '/sessions',
    '/sessions/:id/extend',
    '/sessions/:id/cookies',
    '/sessions/:id/credentials/*',
  ]) {
    app.use(path, heldBody(held, maxBodyBytes))
  }
  // Before the routes of a session: `cleanup` and `stats` are not names of sessions here.
  sessionLifeRoutes(app, backend)
  sessionRoutes(app, backend)
  cookieRoutes(app, backend)
  credentialRoutes(app, backend)
  storageRoutes(app, backend)
  transferRoutes(app, backend)
  explainRoutes(app, backend)
  eventRoutes(app, backend)
  healthRoutes(app, backend)
  app.get('/openapi.json', (context) => context.json(openApiDocument(app, backend.version)))
  return app
}

export function openApiDocument(app: OpenAPIHono, version: string) {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'The admin API of hallpass', version },
    servers: [{ url: 'http://hallpass', description: 'over the Unix socket run/admin.sock' }],
  })
}
