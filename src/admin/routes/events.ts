import { randomBytes } from 'node:crypto'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { HallpassError } from '../../errors.ts'
import type { ApiBackend } from '../api-backend.ts'
import { curl } from '../curl.ts'
import { eventStream } from '../event-stream.ts'
import { problems } from '../schemas/answers.ts'
import { time } from '../schemas/shared-fields.ts'

/** Each holds a connection. */
const maxReaders = 1000

const eventSchema = z
  .strictObject({
    schema: z.literal('hallpass.event/1'),
    type: z.enum(['created', 'captured', 'refreshed', 'needs-login', 'expired', 'evicted', 'removed']),
    at: time.nullable(),
    session: z.string(),
    host: z.string().nullable().describe('of `captured`: the host that set the cookies'),
    cookies: z.array(z.string()).describe('of `captured`: the names of set and deleted cookies, 20 at most'),
    credential: z.string().nullable().describe('of `refreshed` and `needs-login`'),
  })
  .openapi('Event')

const read = createRoute({
  method: 'get',
  path: '/events',
  tags: ['events'],
  summary: 'Follow what happens to the sessions of this proxy',
  description:
    'Server-sent events. The stream begins now, or after the event of `Last-Event-ID`. The proxy holds the last 1,000 events: `missed` says that the reader must look at everything again. A change by another process shows only when this proxy meets it.',
  request: {
    headers: z.object({ 'last-event-id': z.string().max(100).optional() }),
    query: z.strictObject({ session: z.string().max(64).optional().describe('only events of this session') }),
  },
  responses: {
    200: { description: 'the events', content: { 'text/event-stream': { schema: eventSchema } } },
    default: problems,
  },
  'x-codeSamples': curl('--no-buffer --max-time 2 http://hallpass/events'),
})

const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }

export function eventRoutes(api: OpenAPIHono, { sessions }: ApiBackend): void {
  const epoch = randomBytes(4).toString('hex')
  let readers = 0

  api.openapi(read, (context) => {
    // The framework drops the body of HEAD, and nobody would end the stream.
    if (context.req.method === 'HEAD') return context.body(null, 200, headers)
    if (readers >= maxReaders)
      throw new HallpassError('busy', `${maxReaders} readers follow the events already`)
    readers++
    const stream = eventStream(sessions.events, {
      epoch,
      lastId: context.req.valid('header')['last-event-id'],
      session: context.req.valid('query').session,
      ended: () => {
        readers--
      },
    })
    return context.body(stream, 200, headers)
  })
}
