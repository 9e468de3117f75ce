import { isIPv6 } from 'node:net'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { byPlace, cookiesDocument, removedCookiesDocument } from '../../documents/cookie-documents.ts'
import { HallpassError } from '../../errors.ts'
import { toWire } from '../../formats/latin1.ts'
import type { CookieInput } from '../../sessions/cookie-input.ts'
import { siteOperand } from '../../sessions/place-operand.ts'
import type { ApiBackend } from '../api-backend.ts'
import { curl } from '../curl.ts'
import { json, problems } from '../schemas/answers.ts'
import {
  cookiesSchema,
  type GivenApiCookie,
  givenCookiesSchema,
  removedCookiesSchema,
} from '../schemas/cookie-schemas.ts'
import { reveal, sessionPath } from '../schemas/shared-fields.ts'

const tags = ['cookies']
const path = '/sessions/{id}/cookies'

const set = createRoute({
  method: 'post',
  path,
  tags,
  summary: 'Set one cookie or many',
  description:
    'A browser would refuse some cookies, and so does hallpass. When it refuses one of many, it sets none.',
  request: {
    params: sessionPath,
    body: { required: true, content: { 'application/json': { schema: givenCookiesSchema } } },
  },
  responses: { 201: json('the cookies, as they are kept', cookiesSchema), default: problems },
  'x-codeSamples': curl(
    `-X POST --json '{"name":"sid","value":"31d4d96e407aad42","domain":"app.example.com","secure":true}' http://hallpass/sessions/work/cookies`,
  ),
})

const list = createRoute({
  method: 'get',
  path: `${path}/{domain}`,
  tags,
  summary: 'List the cookies of a host and of the hosts below it',
  request: {
    params: sessionPath.extend({ domain: z.string().max(300) }),
    query: z.strictObject({
      reveal,
      name: z.string().max(8192).optional().describe('only cookies with this name'),
    }),
  },
  responses: { 200: json('the cookies', cookiesSchema), default: problems },
  'x-codeSamples': curl("'http://hallpass/sessions/work/cookies/example.com?reveal=true'"),
})

const remove = createRoute({
  method: 'delete',
  path,
  tags,
  summary: 'Remove cookies',
  request: {
    params: sessionPath,
    query: z.strictObject({
      site: z.string().max(300).optional().describe('a host: its cookies and those of the hosts below it'),
      name: z.string().max(8192).optional().describe('only cookies with this name'),
      all: z.enum(['true']).optional().describe('in place of `site`: the cookies of all sites'),
    }),
  },
  responses: { 200: json('they are gone', removedCookiesSchema), default: problems },
  'x-codeSamples': curl("-X DELETE 'http://hallpass/sessions/work/cookies?site=app.example.com&name=sid'"),
})

export function cookieRoutes(api: OpenAPIHono, { sessions, now, noteRevealed }: ApiBackend): void {
  api.openapi(set, async (context) => {
    const body = context.req.valid('json')
    const given = 'cookies' in body ? body.cookies : [body]
    const session = await sessions.get(context.req.valid('param').id)
    const cookies = await session.cookies.setAll(given.map(inputOf))
    return context.json(cookiesDocument(session.name, undefined, cookies, { reveal: false, now: now() }), 201)
  })

  api.openapi(list, async (context) => {
    const { id, domain } = context.req.valid('param')
    const { reveal, name } = context.req.valid('query')
    const site = siteOperand(domain)
    const session = await sessions.get(id)
    const named = name === undefined ? undefined : toWire(name)
    const cookies = (await session.cookies.list(site))
      .filter((cookie) => named === undefined || cookie.name === named)
      .toSorted(byPlace)
    const revealed = reveal === 'true'
    if (revealed) noteRevealed(session.name, `the cookies of ${site}`)
    return context.json(cookiesDocument(session.name, site, cookies, { reveal: revealed, now: now() }), 200)
  })

  api.openapi(remove, async (context) => {
    const { site: text, name, all } = context.req.valid('query')
    if ((text === undefined) === (all === undefined) || (all !== undefined && name !== undefined)) {
      throw new HallpassError('usage', 'name the site with ?site=HOST, or remove everything with ?all=true')
    }
    const session = await sessions.get(context.req.valid('param').id)
    const site = text === undefined ? undefined : siteOperand(text)
    const removed =
      site === undefined
        ? await session.cookies.clear()
        : await session.cookies.remove(site, name === undefined ? undefined : toWire(name))
    return context.json(removedCookiesDocument(session.name, site, removed), 200)
  })
}

/** The cookie, and the URL of the response that could have set it. */
function inputOf(given: GivenApiCookie): { readonly url: string; readonly input: CookieInput } {
  const { domain, host_only: hostOnly } = given
  const host = domain === undefined ? undefined : hostOf(domain)
  if (given.url === undefined && host === undefined) {
    throw new HallpassError('usage', 'a cookie needs a domain or a url')
  }
  if (hostOnly === true && host !== undefined && given.url !== undefined && siteOperand(given.url) !== host) {
    throw new HallpassError(
      'usage',
      'a cookie with host_only has the host of its url: that is not its domain',
    )
  }
  const input = {
    name: toWire(given.name),
    value: toWire(given.value),
    domain: hostOnly === true ? undefined : host,
    path: given.path === undefined ? undefined : toWire(given.path),
    maxAgeSeconds: given.expires_in_seconds,
    secure: given.secure,
    httpOnly: given.http_only,
    sameSite: given.same_site,
  }
  return { url: given.url ?? `https://${isIPv6(host ?? '') ? `[${host}]` : host}/`, input }
}

/** Attack: in the URL of the response, `bank.example/.evil.example` would be bank.example, and `x@bank.example` too. */
function hostOf(domain: string): string {
  const host = domain.replace(/^\./, '')
  if (!isIPv6(host) && !/^[-.\w\u{80}-\u{10ffff}]+$/u.test(host)) {
    throw new HallpassError('usage', 'the domain of a cookie must be a host alone')
  }
  return siteOperand(host)
}
