import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { sourceKeys } from '../../credentials/value-source.ts'
import {
  credentialDocument,
  refreshedCredentialDocument,
  removedCredentialDocument,
} from '../../documents/credential-documents.ts'
import { HallpassError } from '../../errors.ts'
import type { CredentialInput } from '../../sessions/merge-credential.ts'
import { refreshAsked } from '../../sessions/refresh-asked.ts'
import { checkName } from '../../store/names.ts'
import type { RecordId } from '../../store/store.ts'
import type { ApiBackend } from '../api-backend.ts'
import { curl } from '../curl.ts'
import { etagHeader, guardFor } from '../etag.ts'
import { json, problems } from '../schemas/answers.ts'
import {
  credentialSchema,
  givenCredentialSchema,
  refreshedCredentialSchema,
  removedCredentialSchema,
} from '../schemas/credential-schemas.ts'
import { etagHeaders, preconditions, reveal, sessionPath } from '../schemas/shared-fields.ts'

const tags = ['credentials']
const path = '/sessions/{id}/credentials/{name}'
const params = sessionPath.extend({ name: z.string() })

const show = createRoute({
  method: 'get',
  path,
  tags,
  summary: 'Show a credential',
  request: { params, query: z.strictObject({ reveal }) },
  responses: {
    200: { ...json('the credential', credentialSchema), headers: etagHeaders },
    default: problems,
  },
  'x-codeSamples': curl("'http://hallpass/sessions/work/credentials/api?reveal=true'"),
})

const put = createRoute({
  method: 'put',
  path,
  tags,
  summary: 'Set a credential',
  description:
    'A field that is left out stays as it is. The API takes no option that runs a command or reads a file or a variable: `hallpass token set` does.',
  request: {
    params,
    headers: preconditions,
    body: { required: true, content: { 'application/json': { schema: givenCredentialSchema } } },
  },
  responses: {
    200: { ...json('the credential', credentialSchema), headers: etagHeaders },
    default: problems,
  },
  'x-codeSamples': curl(
    `-X PUT --json '{"kind":"bearer","hosts":["api.example.com"],"value":"s3cr3t"}' http://hallpass/sessions/work/credentials/api`,
  ),
})

const remove = createRoute({
  method: 'delete',
  path,
  tags,
  summary: 'Remove a credential',
  request: { params, headers: preconditions },
  responses: { 200: json('it is gone', removedCredentialSchema), default: problems },
  'x-codeSamples': curl('-X DELETE http://hallpass/sessions/work/credentials/api'),
})

const refresh = createRoute({
  method: 'post',
  path: `${path}/refresh`,
  tags,
  summary: 'Refresh the tokens of a credential',
  description: 'However many callers ask at once, hallpass refreshes once.',
  request: { params },
  responses: { 200: json('new tokens are kept', refreshedCredentialSchema), default: problems },
})

export function credentialRoutes(api: OpenAPIHono, backend: ApiBackend): void {
  const { sessions, store, spell, now } = backend
  const inSession = (id: string) => ({ spell: (text: string) => spell(text, id), now: now() })

  api.openapi(show, async (context) => {
    const { id, name } = context.req.valid('param')
    const session = await sessions.get(id)
    const stamp = store.stamp(idOf(id, name))
    const { value, ...credential } = await session.credentials.get(name)
    const revealed = context.req.valid('query').reveal === 'true'
    if (revealed) backend.noteRevealed(id, `the credential ${name}`)
    const showing = { ...inSession(id), value: revealed ? value?.reveal() : undefined }
    return context.json(credentialDocument(credential, showing), 200, etagHeader(stamp))
  })

  api.openapi(put, async (context) => {
    const { id, name } = context.req.valid('param')
    const { value, ...definition } = context.req.valid('json')
    // The schema drops this key without a word.
    if (Object.hasOwn(await context.req.json(), '__proto__')) {
      throw new HallpassError('usage', '__proto__ is not an option of a credential')
    }
    const record = idOf(id, name)
    const session = await sessions.get(id)
    const guard = await guardFor(session, record, context.req.valid('header'))
    await session.credentials.setUnless(guard, name, optionsOf(definition), value)
    const stamp = store.stamp(record)
    const credential = await session.credentials.get(name)
    return context.json(credentialDocument(credential, inSession(id)), 200, etagHeader(stamp))
  })

  api.openapi(remove, async (context) => {
    const { id, name } = context.req.valid('param')
    const session = await sessions.get(id)
    const guard = await guardFor(session, idOf(id, name), context.req.valid('header'))
    await session.credentials.removeUnless(guard, name)
    return context.json(removedCredentialDocument(id, name), 200)
  })

  api.openapi(refresh, async (context) => {
    const { id, name } = context.req.valid('param')
    const { result, credential } = await refreshAsked(await sessions.get(id), name)
    return context.json(refreshedCredentialDocument(result, credential, inSession(id)), 200)
  })
}

function idOf(session: string, name: string): RecordId {
  return { kind: 'credential', session, name: checkName('credential', name) }
}

/** Attack: with these, a client that may only use the API could run commands, and read files and the environment, as the user. */
const ofTheCommandLine: ReadonlySet<string> = new Set([...sourceKeys, 'tokenFile'])

/** The options of a definition, in the spelling of the configuration. */
function optionsOf(given: Readonly<Record<string, unknown>>): CredentialInput {
  const entries = Object.entries(given).map(([key, value]) => {
    if (/[A-Z]/.test(key)) throw new HallpassError('usage', `${key}: fields are in snake_case`)
    const option = key.replaceAll(/_([a-z\d])/g, (_, letter: string) => letter.toUpperCase())
    if (ofTheCommandLine.has(option)) {
      throw new HallpassError('usage', `${key} cannot be set through the API`, {
        hint: 'hallpass token set --help',
      })
    }
    return [option, value] as const
  })
  return Object.fromEntries(entries)
}
