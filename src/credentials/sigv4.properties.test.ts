import { Sha256 } from '@aws-crypto/sha256-js'
import { fc, test } from '@fast-check/vitest'
import { SignatureV4 } from '@smithy/signature-v4'
import aws4 from 'aws4'
import { expect } from 'vitest'
import { headerOf, signedRequest, signerOf } from '../../test/support/signed-request.ts'
import { sigv4 } from './sigv4.ts'
import { amzDate } from './sigv4-signature.ts'

const word = fc.string({
  unit: fc.oneof(
    fc.constantFrom(..."aZ09-._~!'()*+ %&=/?:;@,"),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  ),
  minLength: 1,
  maxLength: 6,
})
/** As every SDK writes them: unreserved characters, and the rest encoded. */
const strict = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

const requests = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD'),
  /** Empty ones and dots too, which only S3 keeps. */
  path: fc.array(fc.oneof(word, fc.constantFrom('', '.', '..')), { maxLength: 4 }),
  query: fc.dictionary(
    word.filter((name) => !/signature/i.test(name)),
    fc.array(fc.oneof(word, fc.constant('')), { minLength: 1, maxLength: 3 }),
    { maxKeys: 4, noNullPrototype: true },
  ),
  headers: fc.dictionary(
    fc.constantFrom('content-type', 'x-amz-meta-a', 'x-amz-meta-b', 'x-amz-acl', 'content-md5'),
    fc.string({ unit: fc.constantFrom(...'aZ0 \t;,="'), minLength: 1 }),
    { noNullPrototype: true },
  ),
  body: fc.option(fc.string({ maxLength: 20 }), { nil: undefined }),
  service: fc.constantFrom('s3', 'execute-api', 'dynamodb'),
  region: fc.constantFrom('us-east-1', 'eu-central-1'),
  secretAccessKey: fc.string({ unit: fc.constantFrom(...'aZ0+/='), minLength: 1, maxLength: 40 }),
  sessionToken: fc.option(fc.string({ unit: fc.constantFrom(...'aZ0+/='), minLength: 1 }), {
    nil: undefined,
  }),
  now: fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2099, 0) }),
})

type Given = typeof requests extends fc.Arbitrary<infer T> ? T : never

const host = 'a.test'

function ours(given: Given) {
  const { method, headers, body, service, region, secretAccessKey, sessionToken, now } = given
  const query = Object.entries(given.query)
    .flatMap(([name, values]) => values.map((value) => `${strict(name)}=${strict(value)}`))
    .join('&')
  const path = `/${given.path.map(strict).join('/')}`
  const signer = signerOf(
    sigv4,
    { kind: 'sigv4', region, service },
    { accessKeyId: 'AKID', secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
  )
  const request = signedRequest({
    method,
    host,
    target: query === '' ? path : `${path}?${query}`,
    lines: [`Host: ${host}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)],
    ...(body !== undefined && { body }),
  })
  return { path, query, header: headerOf(signer.sign(request, { now, nonce: '' }), 'authorization') }
}

test.prop([requests], { numRuns: 300 })(
  'of any request is the signature of @smithy/signature-v4',
  async (given) => {
    fc.pre(given.service !== 's3' || given.path.every((segment) => !segment.includes('/')))
    const { path, header } = ours(given)
    const { method, headers, body, service, region, secretAccessKey, sessionToken, now } = given
    const oracle = new SignatureV4({
      service,
      region,
      sha256: Sha256,
      uriEscapePath: service !== 's3',
      applyChecksum: service === 's3',
      credentials: {
        accessKeyId: 'AKID',
        secretAccessKey,
        ...(sessionToken !== undefined && { sessionToken }),
      },
    })
    const signed = await oracle.sign(
      {
        method,
        protocol: 'https:',
        hostname: host,
        path,
        query: given.query,
        headers: { host, ...headers },
        body,
      },
      { signingDate: new Date(now) },
    )
    expect(header).toBe(signed.headers.authorization)
  },
)

// It takes the first of several values for S3.
test.prop([requests], { numRuns: 300 })('of any request is the signature of aws4', (given) => {
  fc.pre(given.service !== 's3' || Object.values(given.query).every((values) => values.length === 1))
  const { path, query, header } = ours(given)
  const { method, headers, body, service, region, secretAccessKey, sessionToken, now } = given
  // Its types know less than it does.
  const request: aws4.Request & { readonly extraHeadersToIgnore: object } = {
    method,
    host,
    service,
    region,
    path: query === '' ? path : `${path}?${query}`,
    headers: { Host: host, ...headers, 'X-Amz-Date': amzDate(now) },
    ...(body !== undefined && { body }),
    extraHeadersToIgnore: {
      'content-length': true,
      ...(!('content-type' in headers) && { 'content-type': true }),
    },
  }
  const signed = aws4.sign(request, {
    accessKeyId: 'AKID',
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
  })
  expect(header).toBe(signed.headers?.Authorization)
})
