import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { siteOf } from '../../cookies/site.ts'
import {
  createdSessionDocument,
  removedSessionDocument,
  sessionDocument,
  sessionsDocument,
} from '../../documents/session-documents.ts'
import { hallpassErrorOf } from '../../errors.ts'
import { inventoryOf } from '../../sessions/inventory.ts'
import { siteOperand } from '../../sessions/place-operand.ts'
import type { Session } from '../../sessions/session.ts'
import { defaultSession } from '../../sessions/sessions.ts'
import { profilesFolder } from '../../store/record-path.ts'
import { temporaryPrefix } from '../../store/store.ts'
import type { ApiBackend } from '../api-backend.ts'
import { curl } from '../curl.ts'
import { json, problems } from '../schemas/answers.ts'
import {
  createdSessionSchema,
  givenSessionSchema,
  removedSessionSchema,
  sessionSchema,
  sessionsSchema,
} from '../schemas/session-schemas.ts'
import { reveal, sessionPath } from '../schemas/shared-fields.ts'
import { withoutCredentials } from '../without-credentials.ts'

const tags = ['sessions']

const create = createRoute({
  method: 'post',
  path: '/sessions',
  tags,
  summary: 'Create a session, or get the one that has the name',
  request: {
    query: z.strictObject({ reveal }),
    body: { required: true, content: { 'application/json': { schema: givenSessionSchema } } },
  },
  responses: {
    200: json('a session has the name already. Its life stays as it is', createdSessionSchema),
    201: json('a new session', createdSessionSchema),
    default: problems,
  },
  'x-codeSamples': curl('-X POST --json \'{"name":"work"}\' \'http://hallpass/sessions?reveal=true\''),
})

const list = createRoute({
  method: 'get',
  path: '/sessions',
  tags,
  summary: 'List sessions by name, a page at a time',
  request: {
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(1000).default(100).describe('how many, at most'),
      after: z.string().max(64).optional().describe('only the names behind this one'),
      prefix: z.string().max(64).optional().describe('only names that begin with this'),
      temporary: z.enum(['true', 'false']).optional().describe('only temporary sessions, or only named ones'),
      site: z.string().max(300).optional().describe('only sessions that have cookies of this site'),
    }),
  },
  responses: { 200: json('a page of sessions', sessionsSchema), default: problems },
  'x-codeSamples': curl("'http://hallpass/sessions?limit=10'"),
})

const show = createRoute({
  method: 'get',
  path: '/sessions/{id}',
  tags,
  summary: 'Show what a session holds, without values',
  request: { params: sessionPath },
  responses: { 200: json('the session', sessionSchema), default: problems },
  'x-codeSamples': curl('http://hallpass/sessions/work'),
})

const remove = createRoute({
  method: 'delete',
  path: '/sessions/{id}',
  tags,
  summary: 'Remove a session and everything in it',
  description: 'Its client token and its connections end. `default` is emptied.',
  request: { params: sessionPath },
  responses: { 200: json('it is gone', removedSessionSchema), default: problems },
  'x-codeSamples': curl('-X DELETE http://hallpass/sessions/work'),
})

export function sessionRoutes(api: OpenAPIHono, backend: ApiBackend): void {
  const { sessions, store, home, spell, now } = backend

  api.openapi(create, async (context) => {
    const { session, created } = await getOrCreate(backend, context.req.valid('json'))
    const revealed = context.req.valid('query').reveal === 'true'
    if (revealed) backend.noteRevealed(session.name, 'the client token')
    const url = await backend.proxyUrl(session.name)
    const document = createdSessionDocument(session.metadata, {
      userDataDir: profilesFolder(home, session.name),
      proxyUrl: revealed ? url : withoutCredentials(url),
    })
    const location = `/sessions/${encodeURIComponent(session.name)}`
    return created ? context.json(document, 201, { location }) : context.json(document, 200)
  })

  api.openapi(list, async (context) => {
    const { limit, after = '', prefix = '', temporary, site } = context.req.valid('query')
    const wanted = site === undefined ? undefined : siteOf(siteOperand(site))
    const rows = []
    let next: string | undefined
    const listed = await sessions.listWithDamaged()
    for (const metadata of listed.sessions) {
      const { name } = metadata
      if (name <= after || !name.startsWith(prefix)) continue
      if (temporary !== undefined && name.startsWith(temporaryPrefix) !== (temporary === 'true')) continue
      const sites = await store.names(name, 'cookies')
      if (wanted !== undefined && !sites.includes(wanted)) continue
      if (rows.length === limit) {
        next = rows.at(-1)?.name
        break
      }
      const credentials = await store.names(name, 'credential')
      rows.push({ ...metadata, sites: sites.length, credentials: credentials.length })
    }
    return context.json(sessionsDocument(rows, listed.damaged, next), 200)
  })

  api.openapi(show, async (context) => {
    const session = await sessions.get(context.req.valid('param').id)
    const inventory = await inventoryOf(session, store)
    const showing = { spell: (text: string) => spell(text, session.name), now: now() }
    return context.json(sessionDocument(session.metadata, inventory, showing), 200)
  })

  api.openapi(remove, async (context) => {
    const name = context.req.valid('param').id
    await sessions.get(name).catch((error: unknown) => {
      // A damaged session can be removed.
      if (hallpassErrorOf(error).code !== 'record-damaged') throw error
    })
    const sites = (await store.names(name, 'cookies')).length
    const credentials = (await store.names(name, 'credential')).length
    await sessions.remove(name)
    return context.json(removedSessionDocument(name, name === defaultSession, { sites, credentials }), 200)
  })
}

async function getOrCreate(
  { sessions }: ApiBackend,
  given: z.infer<typeof givenSessionSchema>,
): Promise<{ readonly session: Session; readonly created: boolean }> {
  const { name } = given
  const existing = name === undefined ? undefined : await sessions.get(name).catch(unlessMissing)
  if (existing !== undefined) return { session: existing, created: false }
  try {
    const options = {
      name,
      ttlSeconds: given.ttl_seconds,
      renew: given.renew,
      userAgent: given.user_agent,
      viewport: given.viewport,
      locale: given.locale,
      timeZone: given.time_zone,
      fields: given.metadata,
    }
    return { session: await sessions.create(options), created: true }
  } catch (error) {
    // Somebody else may have created it since the look.
    const other = name === undefined ? undefined : await sessions.get(name).catch(() => undefined)
    if (other === undefined) throw error
    return { session: other, created: false }
  }
}

function unlessMissing(error: unknown): undefined {
  if (hallpassErrorOf(error).code !== 'session-missing') throw error
}
