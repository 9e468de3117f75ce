import { createHmac } from 'node:crypto'
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import OAuth from 'oauth-1.0a'
import { expect, it } from 'vitest'
import { type ArrivedRequest, onRequest } from '../support/arrived-requests.ts'
import { scene } from '../support/scene.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

async function origin() {
  const arrived: ArrivedRequest[] = []
  const made = await scene((socket) =>
    onRequest(socket, (request) => {
      arrived.push(request)
      socket.write(ok)
    }),
  )
  await made.proxy.session.credentials.remove('api')
  return { ...made, arrived, [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() }
}

/** Fields as a server reads them: repeats joined. */
function fieldsOf({ head }: ArrivedRequest): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of head.split('\r\n').slice(1, -2)) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    const before = fields.get(name)
    fields.set(name, before === undefined ? value : `${before},${value}`)
  }
  return fields
}

const own = (service: string, signed: string) =>
  `Authorization: AWS4-HMAC-SHA256 Credential=DUMMY/20200101/eu-west-1/${service}/aws4_request, SignedHeaders=${signed}, Signature=00\r\nX-Amz-Date: 20200101T000000Z\r\nX-Amz-Security-Token: dummy\r\n`

it.each([
  ['sqs', 'GET', '/', '', ''],
  ['sqs', 'POST', '/?b=2&a=1&a=0&c', 'Content-Type: application/x-www-form-urlencoded\r\n', 'Action=X&Y=%20'],
  [
    'execute-api',
    'PUT',
    '/a//b/./c%20d/../e%2Ff/?q=%E6%BC%A2&x=%2B%20~',
    'X-Amz-Meta:  a   b \r\nX-Amz-Meta: c\r\n',
    '{}',
  ],
  [
    's3',
    'PUT',
    '/a//b/../%E6%BC%A2%20c?partNumber=1&uploadId=x%2Fy',
    'x-amz-storage-class: STANDARD\r\n',
    'body',
  ],
  ['s3', 'GET', '/key?lifecycle', 'Range: bytes=0-1\r\nX-Amz-Content-Sha256: UNSIGNED-PAYLOAD\r\n', ''],
])('AWS accepts a request for %s: %s %s', async (service, method, target, lines, body) => {
  await using s = await origin()
  const keys = { accessKeyId: 'AKID', secretAccessKey: 'sEcReT/+=', sessionToken: 'tok==' }
  await s.proxy.session.credentials.set('aws', { kind: 'sigv4', hosts: ['site.test'] }, JSON.stringify(keys))
  const client = await s.proxy.secure('site.test')
  const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`
  client.send(
    `${method} ${target} HTTP/1.1\r\nHost: site.test\r\nConnection: keep-alive\r\n${own(service, 'host;range;connection')}${lines}${length}\r\n${body}`,
  )
  expect((await client.response()).status).toBe(200)
  const [request] = s.arrived
  if (request === undefined) throw new Error('nothing arrived')
  expect(request.target).toBe(target)
  const fields = fieldsOf(request)
  expect(fields.get('x-amz-security-token')).toBe('tok==')
  expect(request.head).not.toMatch(/dummy/i)

  const authorization = fields.get('authorization') ?? ''
  const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(';') ?? []
  const [path = '', query = ''] = target.split('?')
  const parameters = new URLSearchParams(query)
  const values = Object.fromEntries([...parameters.keys()].map((name) => [name, parameters.getAll(name)]))
  const date = fields.get('x-amz-date') ?? ''
  const verifier = new SignatureV4({
    service,
    region: 'eu-west-1',
    sha256: Sha256,
    credentials: keys,
    uriEscapePath: service !== 's3',
    applyChecksum: false,
  })
  const verified = await verifier.sign(
    {
      method,
      protocol: 'https:',
      hostname: 'site.test',
      path,
      query: values,
      headers: Object.fromEntries(names.map((name) => [name, fields.get(name) ?? ''])),
      body,
    },
    { signingDate: new Date(date.replace(/(....)(..)(..T..)(..)(..Z)/, '$1-$2-$3:$4:$5')) },
  )
  expect(authorization).toBe(verified.headers.authorization)
  expect(names).not.toContain('connection')
})

it.each([
  ['GET', '/x?b=%20&a=c%2Bd', '', '', {}],
  [
    'POST',
    '/x',
    'Content-Type: application/x-www-form-urlencoded\r\n',
    'status=Hello+%21&x=',
    { status: 'Hello !', x: '' },
  ],
  ['POST', '/x', 'Content-Type: application/json\r\n', '{"a":1}', {}],
])('a server of OAuth 1.0a accepts %s %s', async (method, target, lines, body, data) => {
  await using s = await origin()
  const keys = { consumerKey: 'c&k', consumerSecret: 'c s', token: 't=k', tokenSecret: 't/s' }
  await s.proxy.session.credentials.set('x', { kind: 'oauth1', hosts: ['site.test'] }, JSON.stringify(keys))
  const client = await s.proxy.secure('site.test')
  const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`
  for (let time = 0; time < 2; time++) {
    client.send(
      `${method} ${target} HTTP/1.1\r\nHost: site.test\r\nAuthorization: OAuth oauth_token="dummy"\r\n${lines}${length}\r\n${body}`,
    )
    expect((await client.response()).status).toBe(200)
  }
  const nonces = s.arrived.map((request) => {
    const header = fieldsOf(request).get('authorization') ?? ''
    const parameters = new Map(
      [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [
        name,
        decodeURIComponent(value ?? ''),
      ]),
    )
    const verifier = new OAuth({
      consumer: { key: keys.consumerKey, secret: keys.consumerSecret },
      signature_method: 'HMAC-SHA1',
      hash_function: (base, key) => createHmac('sha1', key).update(base).digest('base64'),
    })
    const nonce = parameters.get('oauth_nonce') ?? ''
    verifier.getNonce = () => nonce
    verifier.getTimeStamp = () => Number(parameters.get('oauth_timestamp'))
    const verified = verifier.authorize(
      { url: `https://site.test${request.target}`, method, data: { ...data } },
      { key: keys.token, secret: keys.tokenSecret },
    )
    expect(Object.fromEntries(parameters)).toEqual({
      ...Object.fromEntries(Object.entries(verified).filter(([name]) => name.startsWith('oauth_'))),
      oauth_timestamp: String(verified.oauth_timestamp),
    })
    return nonce
  })
  expect(new Set(nonces).size).toBe(2)
})

it('a placeholder becomes its value wherever it stands, and the log shows neither', async () => {
  await using s = await origin()
  const set = (name: string, placeholder: string, value: string) =>
    s.proxy.session.credentials.set(name, { kind: 'placeholder', hosts: ['site.test'], placeholder }, value)
  await set('work', 'ghp_dummy-work', 'r3al-w0rk')
  await set('home', 'ghp_dummy-home', 'r3al-h0me')
  const basic = (text: string) => Buffer.from(text).toString('base64')
  const client = await s.proxy.secure('site.test')
  client.send(
    `GET /x?token=ghp_dummy-home&a=%zz HTTP/1.1\r\nHost: site.test\r\nAuthorization: Basic ${basic('x:ghp_dummy-work')}\r\nX-Key: k ghp_dummy-work;\r\n\r\n`,
  )
  expect((await client.response()).status).toBe(200)
  expect(s.arrived[0]?.head).toBe(
    `GET /x?token=r3al-h0me&a=%zz HTTP/1.1\r\nHost: site.test\r\nAuthorization: Basic ${basic('x:r3al-w0rk')}\r\nX-Key: k r3al-w0rk;\r\n\r\n`,
  )
  expect(s.proxy.entries[0]?.attached).toEqual(['placeholder(work)', 'placeholder(home)'])
  expect(JSON.stringify([s.proxy.entries, s.proxy.messages])).not.toMatch(/r3al|ghp_/)
})
