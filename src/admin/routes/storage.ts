import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { removedStorageDocument, storageDocument } from '../../documents/storage-documents.ts'
import { HallpassError } from '../../errors.ts'
import type { Pairs } from '../../formats/format.ts'
import { isDatabase } from '../../formats/indexed-db.ts'
import { webOrigin } from '../../formats/web-origin.ts'
import { putStorage } from '../../sessions/put-storage.ts'
import type { ApiBackend } from '../api-backend.ts'
import { curl } from '../curl.ts'
import { etagHeader, guardFor } from '../etag.ts'
import { json, problems } from '../schemas/answers.ts'
import { etagHeaders, preconditions, reveal, sessionPath } from '../schemas/shared-fields.ts'
import { givenStorageSchema, removedStorageSchema, storageSchema } from '../schemas/storage-schemas.ts'

const tags = ['storage']
const path = '/sessions/{id}/storage/{origin}'
const params = sessionPath.extend({
  origin: z.string().max(400).describe('percent-encoded: `https%3A%2F%2Fapp.example.com`'),
})
const example = 'http://hallpass/sessions/work/storage/https%3A%2F%2Fapp.example.com'
const ofSite = 'The origins of a site share an `ETag`.'

const show = createRoute({
  method: 'get',
  path,
  tags,
  summary: 'Show the web storage of an origin',
  description: ofSite,
  request: { params, query: z.strictObject({ reveal }) },
  responses: { 200: { ...json('its web storage', storageSchema), headers: etagHeaders }, default: problems },
  'x-codeSamples': curl(example),
})

const put = createRoute({
  method: 'put',
  path,
  tags,
  summary: 'Replace the web storage of an origin',
  description: ofSite,
  request: {
    params,
    headers: preconditions,
    body: { required: true, content: { 'application/json': { schema: givenStorageSchema } } },
  },
  responses: { 200: { ...json('its web storage', storageSchema), headers: etagHeaders }, default: problems },
  'x-codeSamples': curl(`-X PUT --json '{"local_storage":[{"key":"theme","value":"dark"}]}' ${example}`),
})

const remove = createRoute({
  method: 'delete',
  path,
  tags,
  summary: 'Remove the web storage of an origin',
  request: { params, headers: preconditions },
  responses: { 200: json('it is gone', removedStorageSchema), default: problems },
  'x-codeSamples': curl(`-X DELETE ${example}`),
})

export function storageRoutes(api: OpenAPIHono, { sessions, store, now, noteRevealed }: ApiBackend): void {
  api.openapi(show, async (context) => {
    const { id, origin: text } = context.req.valid('param')
    const origin = originOf(text)
    const session = await sessions.get(id)
    const stamp = store.stamp(session.storage.idOf(origin))
    const storage = await session.storage.list(origin)
    if (storage.length === 0) throw missing(id, origin)
    const revealed = context.req.valid('query').reveal === 'true'
    if (revealed) noteRevealed(id, `the web storage of ${origin}`)
    return context.json(storageDocument(id, origin, storage, revealed), 200, etagHeader(stamp))
  })

  api.openapi(put, async (context) => {
    const { id, origin: text } = context.req.valid('param')
    const given = context.req.valid('json')
    const origin = originOf(text)
    const databases = pairsOf(given.indexed_db)
    const odd = databases.find(([name, database]) => !isDatabase(name, database))
    if (odd !== undefined) {
      throw new HallpassError('usage', `indexed_db: ${odd[0]}: not a database as hallpass writes it`)
    }
    const session = await sessions.get(id)
    const record = session.storage.idOf(origin)
    const guard = await guardFor(session, record, context.req.valid('header'))
    await putStorage(
      session,
      {
        origin,
        localStorage: pairsOf(given.local_storage),
        sessionStorage: pairsOf(given.session_storage),
        indexedDB: databases,
      },
      { now: now(), guard },
    )
    const stamp = store.stamp(record)
    const storage = await session.storage.list(origin)
    return context.json(storageDocument(id, origin, storage), 200, etagHeader(stamp))
  })

  api.openapi(remove, async (context) => {
    const { id, origin: text } = context.req.valid('param')
    const origin = originOf(text)
    const session = await sessions.get(id)
    const guard = await guardFor(session, session.storage.idOf(origin), context.req.valid('header'))
    const removed = await session.storage.clearUnless(guard, origin)
    if (removed === 0) throw missing(id, origin)
    return context.json(removedStorageDocument(id, origin, removed), 200)
  })
}

function originOf(text: string): string {
  const origin = webOrigin(text)
  if (origin === undefined) {
    throw new HallpassError(
      'usage',
      'that is not an http or https origin: https%3A%2F%2Fapp.example.com is one',
    )
  }
  return origin
}

function missing(session: string, origin: string): HallpassError {
  return new HallpassError('storage-missing', `the session "${session}" has no web storage of ${origin}`)
}

/** The last value of a key counts, as in a browser. */
function pairsOf(given: readonly { readonly key: string; readonly value: string }[] = []): Pairs {
  return [...new Map(given.map(({ key, value }) => [key, value]))]
}
