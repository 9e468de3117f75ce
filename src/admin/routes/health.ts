import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { defaultSession } from '../../sessions/sessions.ts'
import type { ApiBackend } from '../api-backend.ts'
import { curl } from '../curl.ts'
import { json, problems } from '../schemas/answers.ts'

const tags = ['the proxy']

const health = createRoute({
  method: 'get',
  path: '/healthz',
  tags,
  summary: 'Say that the proxy runs',
  responses: {
    200: json(
      'it runs',
      z.strictObject({ schema: z.literal('hallpass.health/1'), pid: z.int(), version: z.string() }),
    ),
    default: problems,
  },
  'x-codeSamples': curl('http://hallpass/healthz'),
})

const ready = createRoute({
  method: 'get',
  path: '/readyz',
  tags,
  summary: 'Say whether the proxy can use its sessions',
  description:
    'It reads the default session from the store. A locked key or an unreadable store is a problem.',
  responses: {
    200: json('it can', z.strictObject({ schema: z.literal('hallpass.ready/1'), ready: z.literal(true) })),
    default: problems,
  },
  'x-codeSamples': curl('http://hallpass/readyz'),
})

export function healthRoutes(api: OpenAPIHono, { sessions, version }: ApiBackend): void {
  api.openapi(health, (context) => {
    return context.json({ schema: 'hallpass.health/1' as const, pid: process.pid, version }, 200)
  })

  api.openapi(ready, async (context) => {
    const session = await sessions.get(defaultSession)
    await session.cookies.list()
    return context.json({ schema: 'hallpass.ready/1' as const, ready: true as const }, 200)
  })
}
