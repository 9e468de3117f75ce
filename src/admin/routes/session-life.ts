import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import {
  extendedSessionDocument,
  prunedSessionsDocument,
  sessionStatsDocument,
  touchedSessionDocument,
} from '../../documents/session-documents.ts'
import { diskUsage } from '../../store/disk-usage.ts'
import type { ApiBackend } from '../api-backend.ts'
import { curl } from '../curl.ts'
import { json, problems } from '../schemas/answers.ts'
import {
  extendedSessionSchema,
  givenExtensionSchema,
  prunedSessionsSchema,
  sessionStatsSchema,
  touchedSessionSchema,
} from '../schemas/session-schemas.ts'
import { sessionPath } from '../schemas/shared-fields.ts'

const tags = ['sessions']

const extend = createRoute({
  method: 'post',
  path: '/sessions/{id}/extend',
  tags,
  summary: 'Let a session live longer',
  request: {
    params: sessionPath,
    body: { required: true, content: { 'application/json': { schema: givenExtensionSchema } } },
  },
  responses: { 200: json('the session, with its new end', extendedSessionSchema), default: problems },
  'x-codeSamples': curl(`-X POST --json '{"additional_seconds":3600}' http://hallpass/sessions/work/extend`),
})

const touch = createRoute({
  method: 'post',
  path: '/sessions/{id}/touch',
  tags,
  summary: 'Note a use of a session, which renews its life',
  description: 'A request through the proxy does that by itself.',
  request: { params: sessionPath },
  responses: { 200: json('the session, with its new end', touchedSessionSchema), default: problems },
  'x-codeSamples': curl('-X POST http://hallpass/sessions/work/touch'),
})

const cleanup = createRoute({
  method: 'post',
  path: '/sessions/cleanup',
  tags,
  summary: 'Remove every expired session',
  description: 'The proxy does that by itself now and then: `sessionSweep` in the configuration.',
  responses: { 200: json('the removed sessions', prunedSessionsSchema), default: problems },
  'x-codeSamples': curl('-X POST http://hallpass/sessions/cleanup'),
})

const stats = createRoute({
  method: 'get',
  path: '/sessions/stats',
  tags,
  summary: 'Count the sessions, their age and their size',
  description: 'So `GET /sessions/{id}` cannot show a session with the name `stats`.',
  responses: { 200: json('the numbers', sessionStatsSchema), default: problems },
  'x-codeSamples': curl('http://hallpass/sessions/stats'),
})

export function sessionLifeRoutes(api: OpenAPIHono, { sessions, home, now }: ApiBackend): void {
  api.openapi(stats, async (context) => {
    const all = await sessions.list()
    const diskBytes = (await diskUsage(home.sessions)) + (await diskUsage(home.browser))
    const { expired } = sessions.counts.ended
    return context.json(sessionStatsDocument(all, { now: now(), expired, diskBytes }), 200)
  })

  api.openapi(cleanup, async (context) => {
    return context.json(prunedSessionsDocument(await sessions.prune()), 200)
  })

  api.openapi(extend, async (context) => {
    const { additional_seconds: additionalSeconds } = context.req.valid('json')
    const session = await sessions.get(context.req.valid('param').id)
    return context.json(extendedSessionDocument(await session.extend({ additionalSeconds })), 200)
  })

  api.openapi(touch, async (context) => {
    const session = await sessions.get(context.req.valid('param').id)
    return context.json(touchedSessionDocument(await session.touch()), 200)
  })
}
