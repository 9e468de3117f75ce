import { describe, expect, it } from 'vitest'
import {
  type CredentialSpec,
  credential,
  jarOf,
  now,
  requestTo,
  ruleSet,
  scope,
} from '../../test/support/material.ts'
import { Jar } from '../cookies/jar.ts'
import { applyPlan } from './apply.ts'
import { type Plan, plan } from './plan.ts'
import type { Scope } from './scope.ts'

const dummy = 'ghp_dummydummy'
const github: CredentialSpec = {
  name: 'github',
  kind: 'placeholder',
  hosts: ['api.github.test'],
  placeholder: dummy,
  value: 'ghp_s3cret',
}
const here = 'https://api.github.test/x'
const elsewhere = 'https://evil.test/x'

function planOf(
  url: string,
  credentials: readonly CredentialSpec[],
  within: Scope = {},
  jar = new Jar(),
): Plan {
  return plan(requestTo(url), { jar, credentials: credentials.map(credential) }, ruleSet(), within, now)
}

interface Sent {
  readonly target?: string
  readonly lines?: readonly string[]
}

function send(made: Plan, { target = '/x', lines = [] }: Sent) {
  const fields = lines.map((line) => {
    const colon = line.indexOf(':')
    return { name: line.slice(0, colon), value: line.slice(colon + 1).trim() }
  })
  const { refusal, ...edits } = applyPlan(made, { target, fields })
  return {
    refused: refusal?.refused,
    target: edits.target,
    removed: [...edits.remove],
    added: edits.add.map(({ name, value }) => `${name}: ${value}`),
    names: edits.attachedNames,
  }
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('a placeholder on the way to its host', () => {
  const made = planOf(here, [github])

  it.each<[string, Sent, string[]]>([
    ['a header of any name', { lines: [`X-Key: ${dummy}`] }, ['X-Key: ghp_s3cret']],
    ['a part of a header', { lines: [`authorization: token ${dummy}`] }, ['authorization: token ghp_s3cret']],
    ['twice in one header', { lines: [`X-Key: ${dummy},${dummy}`] }, ['X-Key: ghp_s3cret,ghp_s3cret']],
    ['a cookie', { lines: [`Cookie: a=1; t=${dummy}`] }, ['Cookie: a=1; t=ghp_s3cret']],
    [
      'the password of Basic',
      { lines: [`Authorization: Basic ${base64(`x-access-token:${dummy}`)}`] },
      [`Authorization: Basic ${base64('x-access-token:ghp_s3cret')}`],
    ],
    [
      'the user of Basic',
      { lines: [`Authorization: basic ${base64(`${dummy}:`)}`] },
      [`Authorization: basic ${base64('ghp_s3cret:')}`],
    ],
    [
      'Basic in another header, without padding',
      { lines: [`X-Authorization: Basic ${base64(`u:${dummy}`).replaceAll('=', '')}`] },
      [`X-Authorization: Basic ${base64('u:ghp_s3cret')}`],
    ],
  ])('becomes the value in %s', (_, sent, added) => {
    const edits = send(made, sent)
    expect(edits).toMatchObject({ added, names: ['placeholder(github)'], refused: undefined })
    expect(edits.removed).toEqual(added.map((line) => line.split(':', 1).join('').toLowerCase()))
  })

  it.each([
    [`/x?key=${dummy}`, '/x?key=ghp_s3cret'],
    [`/x?a=1&key=${dummy}&b`, '/x?a=1&key=ghp_s3cret&b'],
    [`/x?key=ghp%5fdummydummy&c=%7e+`, '/x?key=ghp_s3cret&c=%7e+'],
    [
      `/x?key=${[...dummy].map((c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`).join('')}`,
      '/x?key=ghp_s3cret',
    ],
    [`/x?auth=Bearer%20${dummy}`, '/x?auth=Bearer%20ghp_s3cret'],
    [`/x?a=?${dummy}`, '/x?a=?ghp_s3cret'],
  ])('becomes the value in the query: %s', (target, expected) =>
    expect(send(made, { target })).toMatchObject({
      target: expected,
      names: ['placeholder(github)'],
      added: [],
    }),
  )

  it('has its value encoded in a query and as UTF-8 in a header', () => {
    const odd = planOf(here, [{ ...github, value: 'é &=+#?' }])
    expect(send(odd, { target: `/x?k=${dummy}` }).target).toBe('/x?k=%C3%A9%20%26%3D%2B%23%3F')
    expect(send(odd, { lines: [`X: a ${dummy}`] }).added).toEqual(['X: a \xc3\xa9 &=+#?'])
    const basic = send(odd, { lines: [`X: Basic ${base64(`u:${dummy}`)}`] }).added
    expect(basic).toEqual([`X: Basic ${base64('u:é &=+#?')}`])
  })

  it('leaves everything else as it came', () => {
    const edits = send(made, {
      target: `/x?a=%zz&&k=${dummy}`,
      lines: ['X-A: 1', `X-Key: ${dummy}`, 'X-A: 2', 'X-Key: other', `X-Key: ${dummy}2`],
    })
    expect(edits.target).toBe('/x?a=%zz&&k=ghp_s3cret')
    // Lines of one name go out together, in their order.
    expect(edits.removed).toEqual(['x-key'])
    expect(edits.added).toEqual(['X-Key: ghp_s3cret', 'X-Key: other', 'X-Key: ghp_s3cret2'])
    expect(
      send(made, { target: '/x?a=1', lines: ['X-Key: GHP_DUMMYDUMMY', 'Authorization: Basic !!'] }),
    ).toEqual({
      refused: undefined,
      target: undefined,
      removed: [],
      added: [],
      names: [],
    })
  })

  it.each([
    'Host',
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'Proxy-Authorization',
    'TE',
    'HTTP2-Settings',
  ])('does not reach into %s, which frames or routes', (name) =>
    expect(send(made, { lines: [`${name}: ${dummy}`] })).toMatchObject({ added: [], names: [] }),
  )

  it('is not looked for in the path, where it would change what a rule has allowed', () =>
    expect(send(made, { target: `/x/${dummy}` }).target).toBeUndefined())

  it.each(['a+b=c&d%41?', '"quoted"\\', '(.*)[x]{8}^$|', '--------', '$&$1$$-xx'])(
    'may be of any characters: %s',
    (placeholder) => {
      const odd = planOf(here, [{ ...github, placeholder, value: '$&s3cret' }])
      expect(send(odd, { lines: [`X: a ${placeholder} b`] }).added).toEqual(['X: a $&s3cret b'])
      const target = `/x?k=${encodeURIComponent(placeholder)}`
      expect(send(odd, { target }).target).toBe('/x?k=%24%26s3cret')
    },
  )

  it('goes before what the jar and other credentials would put there', () => {
    const bearer = { name: 'api', kind: 'bearer', hosts: ['api.github.test'], value: 'b3arer' }
    const query = { name: 'q', kind: 'query', hosts: ['api.github.test'], param: 'key', value: 'qu3ry' }
    const jar = jarOf([here, 'sid=jar'])
    const both = planOf(here, [github, bearer, query], {}, jar)
    expect(both.credentials.attached.map(({ name, condition }) => [name, condition])).toEqual([
      ['api', 'unless the client sends a placeholder there'],
      ['github', 'only if the client sends its placeholder'],
      ['q', 'unless the client sends a placeholder there'],
    ])
    const chosen = send(both, { target: `/x?key=${dummy}`, lines: [`Authorization: token ${dummy}`] })
    expect(chosen.target).toBe('/x?key=ghp_s3cret')
    expect(chosen.added).toEqual(['Authorization: token ghp_s3cret', 'Cookie: sid=jar'])
    const other = send(both, { target: `/x?a=${dummy}`, lines: [`X: ${dummy}`, `Cookie: t=${dummy}`] })
    expect(other.target).toBe('/x?a=ghp_s3cret&key=qu3ry')
    expect([...other.added].sort()).toEqual([
      'Authorization: Bearer b3arer',
      'Cookie: t=ghp_s3cret; sid=jar',
      'X: ghp_s3cret',
    ])
  })
})

describe('several placeholders for one host', () => {
  const work = { ...github, name: 'work', placeholder: `${dummy}2`, value: 'w0rk' }
  const made = planOf(here, [github, work])

  it('are chosen by what the client sends, also when one begins with the other', () => {
    expect(send(made, { lines: [`A: ${dummy}`] })).toMatchObject({
      added: ['A: ghp_s3cret'],
      names: ['placeholder(github)'],
    })
    expect(send(made, { lines: [`A: ${dummy}2`] })).toMatchObject({
      added: ['A: w0rk'],
      names: ['placeholder(work)'],
    })
    expect(send(made, { target: `/?a=${dummy}2&b=${dummy}` }).target).toBe('/?a=w0rk&b=ghp_s3cret')
  })

  it('exclude each other when they are the same text', () => {
    const same = planOf(here, [github, { ...work, placeholder: dummy }])
    expect(same.credentials.attached.map(({ name }) => name)).toEqual(['github'])
    expect(same.credentials.withheld).toMatchObject([
      { name: 'work', reason: `github goes into placeholder:${dummy} instead (api.github.test)` },
    ])
    expect(same.guards).toEqual([])
  })

  it('may be the same text for different hosts', () => {
    const other = { ...work, placeholder: dummy, hosts: ['evil.test'] }
    expect(send(planOf(here, [github, other]), { lines: [`A: ${dummy}`] }).added).toEqual(['A: ghp_s3cret'])
    expect(send(planOf(elsewhere, [github, other]), { lines: [`A: ${dummy}`] }).added).toEqual(['A: w0rk'])
  })
})

describe('a placeholder on the way to another host', () => {
  const made = planOf(elsewhere, [github])

  it.each<[string, Sent, string]>([
    ['a header', { lines: [`X-Key: ${dummy}`] }, 'header x-key'],
    ['the name of a header', { lines: [`${dummy}: 1`] }, 'headers'],
    ['a header that frames', { lines: [`Host: ${dummy}.evil.test`] }, 'header host'],
    ['a cookie', { lines: [`Cookie: a=${dummy}`] }, 'header cookie'],
    ['a referrer', { lines: [`Referer: https://api.github.test/?key=${dummy}`] }, 'header referer'],
    ['a referrer, encoded', { lines: ['Referer: https://a.test/?k=ghp%5Fdummydummy'] }, 'header referer'],
    ['Basic', { lines: [`Authorization: Basic ${base64(`u:${dummy}`)}`] }, 'header authorization'],
    ['Base64 in a bearer', { lines: [`Authorization: Bearer ${base64(dummy)}`] }, 'header authorization'],
    ['Base64 in Base64', { lines: [`A: Basic ${base64(`u:${base64(`ab${dummy}`)}`)}`] }, 'header a'],
    ['the query', { target: `/?a=${dummy}` }, 'query'],
    ['the query, encoded', { target: `/?a=ghp%5fdummydummy` }, 'query'],
    ['the query, encoded twice', { target: `/?a=ghp%255fdummydummy` }, 'query'],
    ['the name of a parameter', { target: `/?${dummy}` }, 'query'],
    ['the path', { target: `/bot${dummy}/x` }, 'path'],
    ['the path, in Base64 behind a slash', { target: `/ab/${base64(dummy)}` }, 'path'],
    [
      'the path, in the Base64 of URLs',
      { target: `/a/${Buffer.from(`??>${dummy}`).toString('base64url')}` },
      'path',
    ],
  ])('is refused in %s', (_, sent, where) => {
    const edits = send(made, sent)
    expect(edits.refused).toBe(
      `the placeholder of "github" is in its ${where}, but must not go to this host: it is only for api.github.test`,
    )
    expect(edits).toMatchObject({ added: [], names: [], target: undefined })
  })

  it('is found in Base64 also when it is as short as can be', () => {
    const short = planOf(elsewhere, [{ ...github, placeholder: '12345678' }])
    expect(send(short, { lines: ['A: MTIzNDU2Nzg='] }).refused).toContain('"github"')
  })

  it('does not stop a head without one', () =>
    expect(
      send(made, { target: '/?a=b', lines: ['Authorization: Bearer other', 'A: ghp_dummy'] }).refused,
    ).toBeUndefined())

  it('is ignored in fields that end at this connection', () =>
    expect(send(made, { lines: [`Proxy-Authorization: Basic ${base64(dummy)}`] }).refused).toBeUndefined())

  it('is refused beside one that is for the host, and not mistaken for it', () => {
    const mine = {
      ...github,
      name: 'mine',
      hosts: ['evil.test'],
      placeholder: `${dummy}-mine`,
      value: 'm1ne',
    }
    const both = planOf(elsewhere, [github, mine])
    expect(send(both, { lines: [`A: ${dummy}-mine`] }).added).toEqual(['A: m1ne'])
    expect(send(both, { lines: [`A: Basic ${base64(`u:${dummy}-mine`)}`] }).refused).toBeUndefined()
    expect(send(both, { lines: [`A: ${dummy}-mine`, `B: ${dummy}`] })).toMatchObject({
      refused: expect.stringContaining('"github"'),
      added: [],
    })
  })
})

describe('a placeholder whose value is withheld', () => {
  it.each<[string, string, readonly CredentialSpec[], Scope, string]>([
    ['without a value', here, [{ ...github, value: undefined }], {}, 'no value: hallpass token set github'],
    ['over plain http', 'http://api.github.test/', [github], {}, 'not over plain http (allowHttp)'],
    [
      'outside --only',
      here,
      [github],
      scope({ only: ['other.test'] }),
      '--only does not name api.github.test',
    ],
    [
      'without hosts or a rule',
      here,
      [{ name: 'github', kind: 'placeholder', placeholder: dummy, value: 'x' }],
      {},
      'no rule names it here',
    ],
    [
      'with a value sealed for another host',
      here,
      [{ ...github, bound: ['other.test'] }],
      {},
      'it is only for other.test',
    ],
  ])('is refused %s, and says why', (_, url, credentials, within, reason) => {
    const made = planOf(url, credentials, within)
    expect(made.guards).toEqual([{ name: 'github', placeholder: dummy, reason }])
    expect(send(made, { lines: [`A: ${dummy}`] }).refused).toContain(reason)
  })

  it('is refused to a page of another site', () => {
    const made = plan(
      requestTo(here, { site: 'cross-site' }),
      { jar: new Jar(), credentials: [credential(github)] },
      ruleSet(),
      {},
      now,
    )
    expect(send(made, { lines: [`A: ${dummy}`] }).refused).toContain('cross-site request')
  })

  it('goes where a rule names it, and over http where that is allowed', () => {
    const spec = { name: 'github', kind: 'placeholder', placeholder: dummy, value: 'x', allowHttp: true }
    const made = plan(
      requestTo('http://api.github.test/'),
      { jar: new Jar(), credentials: [credential(spec)] },
      ruleSet([{ hosts: ['*'], credential: 'github' }]),
      {},
      now,
    )
    expect(send(made, { lines: [`A: ${dummy}`] }).added).toEqual(['A: x'])
  })
})
