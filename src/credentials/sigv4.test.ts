import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { edited, headerOf, signedRequest, signerOf } from '../../test/support/signed-request.ts'
import { type SigV4Definition, sigv4 } from './sigv4.ts'
import { canonicalRequest, sha256Hex } from './sigv4-canonical-request.ts'

const keys = { accessKeyId: 'AKID', secretAccessKey: 'sk', sessionToken: 'st' }
const at = { now: Date.UTC(2026, 0, 2, 3, 4, 5, 678), nonce: 'unused' }
const s3 = 'bucket.s3.eu-west-1.amazonaws.com'
const api = 'dynamodb.eu-west-1.amazonaws.com'

const sign = (given: Parameters<typeof signedRequest>[0], definition: Partial<SigV4Definition> = {}) =>
  signerOf(sigv4, { kind: 'sigv4', ...definition }, keys).sign(signedRequest({ host: api, ...given }), at)
const own = (scope: string, signedHeaders = 'host') =>
  `Authorization: AWS4-HMAC-SHA256 Credential=DUMMY/${scope}/aws4_request, SignedHeaders=${signedHeaders}, Signature=0`
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const signedHeadersOf = (signature: ReturnType<typeof sign>) =>
  /SignedHeaders=([^,]+)/.exec(headerOf(signature, 'authorization'))?.[1]?.split(';')

describe('a credential of AWS', () => {
  it("replaces what the client's own signature stood in", () => {
    const signature = edited(sign({ lines: [own('20200101/eu-west-1/dynamodb')] }))
    expect([...signature.remove].sort()).toEqual([
      'authorization',
      'x-amz-content-sha256',
      'x-amz-date',
      'x-amz-security-token',
    ])
    expect(signature.add.map(({ name }) => name)).toEqual([
      'Authorization',
      'X-Amz-Date',
      'X-Amz-Security-Token',
    ])
    expect(headerOf(signature, 'x-amz-date')).toBe('20260102T030405Z')
    expect(headerOf(signature, 'x-amz-security-token')).toBe('st')
    expect(headerOf(signature, 'authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKID\/20260102\/eu-west-1\/dynamodb\/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
    )
  })

  it.each<[string, Partial<SigV4Definition>, string[], string, string]>([
    ['the host', {}, [], api, 'eu-west-1/dynamodb'],
    ['the client before the host', {}, [own('d/us-east-2/sqs')], api, 'us-east-2/sqs'],
    ['the client for a host that says nothing', {}, [own('d/auto/s3')], 'x.r2.example', 'auto/s3'],
    ['the definition before the client', { region: 'r1' }, [own('d/us-east-2/sqs')], api, 'r1/sqs'],
    ['the definition alone', { region: 'r1', service: 'x' }, [], 'a.test', 'r1/x'],
  ])('signs for what it has from %s', (_, definition, lines, host, scope) =>
    expect(headerOf(sign({ host, lines }, definition), 'authorization')).toContain(
      `/20260102/${scope}/aws4_request`,
    ),
  )

  it.each<[string, Partial<SigV4Definition>, string]>([
    ['neither', {}, 'region and service'],
    ['no region', { service: 's3' }, 'the region to sign for'],
    ['no service', { region: 'eu-west-1' }, 'the service to sign for'],
  ])('refuses a request of which %s is known', (_, definition, missing) => {
    const signature = sign({ host: 'a.test' }, definition)
    expect(signature).toMatchObject({ code: 'policy', refused: expect.stringContaining(missing) })
  })

  it('signs the host, the type, the fields of AWS and those that the client signed, but none that changes on the way', () => {
    const lines = [
      'Host: x',
      'Content-Type: text/plain',
      'Content-MD5: x',
      'User-Agent: x',
      'Accept: */*',
      'Range: x',
      'X-Amz-Target: T',
      'X-Amz-Meta-A: 1',
      'Connection: keep-alive',
      'TE: trailers',
      'Expect: 100-continue',
      'Transfer-Encoding: chunked',
      'X-Amzn-Trace-Id: x',
      own('d/r/s', 'accept;connection;expect;host;not-there;range;te;transfer-encoding;x-amzn-trace-id'),
    ]
    expect(signedHeadersOf(sign({ lines }))).toEqual(
      'accept;content-md5;content-type;host;range;x-amz-date;x-amz-meta-a;x-amz-security-token;x-amz-target'.split(
        ';',
      ),
    )
  })

  it('signs the host that the request will get', () => {
    const signature = (given: Parameters<typeof sign>[0]) => headerOf(sign(given), 'authorization')
    expect(signature({})).toBe(signature({ lines: [`Host: ${api}`] }))
    expect(signature({ port: 8443 })).toBe(signature({ lines: [`Host: ${api}:8443`] }))
    expect(signature({ scheme: 'http', port: 443 })).toBe(signature({ lines: [`Host: ${api}:443`] }))
    expect(signature({ lines: ['Host: other'] })).not.toBe(signature({}))
  })

  it('signs the bytes of a header unchanged', () => {
    const bytes = createHash('sha256')
      .update(Buffer.from([0xe9, 0x80]))
      .digest('hex')
    expect(sha256Hex('\xe9\x80')).toBe(bytes)
    const fields = [{ name: 'X', lower: 'x', value: '\xe9\x80' }]
    const { text } = canonicalRequest({
      method: 'GET',
      target: '/',
      fields,
      payloadHash: '',
      pathAsSent: true,
    })
    expect(text).toBe('GET\n/\n\nx:\xe9\x80\n\nx\n')
  })
})

describe('the payload', () => {
  const hashOf = (given: Parameters<typeof sign>[0]) => headerOf(sign(given), 'x-amz-content-sha256')
  const said = (value: string) => ({ lines: [`X-Amz-Content-Sha256: ${value}`] })
  const clientHash = sha256('what the client has hashed')

  it.each<[string, Parameters<typeof sign>[0], string]>([
    ['held', { host: s3, body: 'abc' }, sha256('abc')],
    ['absent', { host: s3 }, sha256('')],
    ['not held, for S3', { host: s3, body: 'not-held' }, 'UNSIGNED-PAYLOAD'],
    [
      'held, though the client left it unsigned',
      { host: s3, body: 'abc', ...said('UNSIGNED-PAYLOAD') },
      sha256('abc'),
    ],
    ['held, with a hash by the client', { host: s3, body: 'abc', ...said(clientHash) }, clientHash],
    ['not held, with a hash by the client', { body: 'not-held', ...said(clientHash) }, clientHash],
    [
      'not held, and left unsigned by the client',
      { body: 'not-held', ...said('UNSIGNED-PAYLOAD') },
      'UNSIGNED-PAYLOAD',
    ],
    [
      'in chunks without signatures',
      { host: s3, body: 'not-held', ...said('STREAMING-UNSIGNED-PAYLOAD-TRAILER') },
      'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    ],
    ['with an invalid hash', { host: s3, body: 'abc', ...said('x') }, sha256('abc')],
  ])('%s', (_, given, hash) => expect(hashOf(given)).toBe(hash))

  it('has a header of its own for S3, and elsewhere where the client sends one', () => {
    const names = (given: Parameters<typeof sign>[0]) => edited(sign(given)).add.map(({ name }) => name)
    expect(names({ host: s3 })).toContain('X-Amz-Content-Sha256')
    expect(names({})).not.toContain('X-Amz-Content-Sha256')
    expect(names(said('x'))).toContain('X-Amz-Content-Sha256')
    expect(signedHeadersOf(sign({ host: s3 }))).toContain('x-amz-content-sha256')
  })

  it.each<[string, Parameters<typeof sign>[0]]>([
    ['elsewhere', { body: 'not-held' }],
    ['over plain http', { host: s3, scheme: 'http', port: 80, body: 'not-held' }],
    [
      'over plain http, left unsigned',
      { scheme: 'http', port: 80, body: 'not-held', ...said('UNSIGNED-PAYLOAD') },
    ],
  ])('is not left unsigned %s', (_, given) => expect(sign(given)).toMatchObject({ code: 'body-not-held' }))

  it.each([
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD',
    'STREAMING-AWS4-HMAC-SHA256-EVENTS',
  ])('is refused as %s: its chunks are signed with a dummy', (value) =>
    expect(sign({ host: s3, body: 'not-held', ...said(value) })).toMatchObject({ code: 'policy' }),
  )
})

describe('the path', () => {
  const signature = (given: Parameters<typeof sign>[0]) => headerOf(sign(given), 'authorization')

  // The two spellings are the same for the service, or are not.
  it.each([
    ['S3', s3, '/a//b', '/a/b', false],
    ['S3', s3, '/a/../b', '/b', false],
    ['S3', s3, '/a%20b', '/a+b', true],
    ['S3', s3, '/a%2fb', '/a/b', true],
    ['S3', s3, '/%7ea!', '/~a%21', true],
    ['S3', s3, '/a%', '/a%25', true],
    ['others', api, '/a//b/./c', '/a/b/c', true],
    ['others', api, '/a/../../b/', '/b/', true],
    ['others', api, '/a%20b', '/a+b', false],
    ['others', api, '/%7ea', '/~a', false],
    ['others', api, '/a%2Fb', '/a/b', false],
  ])('for %s: %s, %s and %s are one: %s', (_, host, a, b, same) =>
    expect(signature({ host, target: a }) === signature({ host, target: b })).toBe(same),
  )
})

it.each([
  '/x?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Signature=0',
  '/x?x%2Damz-signature=0',
  '/x?AWSAccessKeyId=a&Expires=1&Signature=0',
])('leaves a signed URL as it is: %s', (target) =>
  expect(sign({ host: s3, target })).toEqual({ remove: [], add: [] }),
)

it('signs a URL that only looks signed', () =>
  expect(edited(sign({ target: '/x?Signature=0&a=X-Amz-Signature' })).add).not.toEqual([]))

describe('its value', () => {
  const parse = (text: string) => sigv4.secret?.parse(text, 0)

  it('is taken as our own JSON or as AWS prints it', () => {
    expect(parse(JSON.stringify(keys))).toEqual(keys)
    const printed = {
      Version: 1,
      AccessKeyId: 'AKID',
      SecretAccessKey: 'sk',
      SessionToken: 'st',
      Expiration: 'x',
    }
    expect(parse(JSON.stringify(printed, null, 2))).toEqual(keys)
    expect(parse('{"accessKeyId":"AKID","secretAccessKey":"sk"}')).toEqual({
      accessKeyId: 'AKID',
      secretAccessKey: 'sk',
    })
    expect(JSON.parse(sigv4.secret?.print(keys) ?? '')).toEqual(keys)
    expect(sigv4.secret?.schema(z).safeParse(keys).success).toBe(true)
  })

  it.each([
    ['no JSON', 'AKID:m4rker'],
    ['null', 'null'],
    ['without a key', '{"accessKeyId":"AKID"}'],
    ['with an empty key', '{"accessKeyId":"AKID","secretAccessKey":""}'],
    ['with a scope in its id', '{"accessKeyId":"AKID/x","secretAccessKey":"m4rker"}'],
    ['with a line break', '{"accessKeyId":"AKID","secretAccessKey":"sk","sessionToken":"m4rker\\r\\nX: 1"}'],
    ['with a blank', '{"accessKeyId":"AKID","secretAccessKey":"m4rker x"}'],
    ['with something else', '{"accessKeyId":"AKID","secretAccessKey":"m4rker","profile":"x"}'],
    ['with both spellings of one', '{"accessKeyId":"A","AccessKeyId":1,"secretAccessKey":"m4rker","x":1}'],
  ])('is refused %s', (_, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'value-invalid' }))
    expect(() => parse(text)).not.toThrow(/m4rker/)
  })

  it.each(['a/b', 'a b', 'a,b', '', 'é'])('is for no region %j', (region) =>
    expect(sigv4.options(z).safeParse({ kind: 'sigv4', region }).success).toBe(false),
  )

  it('says which of its parts the log must not show', () => expect(sigv4.secrets(keys)).toEqual(['sk', 'st']))
})
