import { describe, expect, it } from 'vitest'
import { headerOf, signedRequest, signerOf } from '../../test/support/signed-request.ts'
import { sigv4 } from './sigv4.ts'

// The AWS Signature Version 4 test suite, but what cannot come over HTTP/1.1 as it is read here (a folded header) and the
// session token that is added unsigned, which we sign.
const suite = {
  keys: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
  now: Date.UTC(2015, 7, 30, 12, 36),
  scope: '20150830/us-east-1/service/aws4_request',
}
const letters = '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const vanilla = '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'
const postVanilla = '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'

describe('the AWS test suite', () => {
  it.each<[name: string, method: string, target: string, lines: string[], signature: string, body?: string]>([
    [
      'get-header-key-duplicate',
      'GET',
      '/',
      ['My-Header1:value2', 'My-Header1:value2', 'My-Header1:value1'],
      'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
    ],
    [
      'get-header-value-order',
      'GET',
      '/',
      ['My-Header1:value4', 'My-Header1:value1', 'My-Header1:value3', 'My-Header1:value2'],
      '08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01',
    ],
    [
      'get-header-value-trim',
      'GET',
      '/',
      ['My-Header1: value1', 'My-Header2: "a   b   c"'],
      'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
    ],
    [
      'get-unreserved',
      'GET',
      `/${letters}`,
      [],
      '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
    ],
    [
      'get-utf8',
      'GET',
      '/\xe1\x88\xb4',
      [],
      '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85',
    ],
    [
      'get-vanilla-empty-query-key',
      'GET',
      '/?Param1=value1',
      [],
      'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb',
    ],
    [
      'get-vanilla-query-order-key-case',
      'GET',
      '/?Param2=value2&Param1=value1',
      [],
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    [
      'get-vanilla-query-order-key',
      'GET',
      '/?Param1=value2&Param1=Value1',
      [],
      'eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1',
    ],
    [
      'get-vanilla-query-order-value',
      'GET',
      '/?Param1=value2&Param1=value1',
      [],
      '5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694',
    ],
    [
      'get-vanilla-query-unreserved',
      'GET',
      `/?${letters}=${letters}`,
      [],
      '9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197',
    ],
    ['get-vanilla-query', 'GET', '/', [], vanilla],
    [
      'get-vanilla-utf8-query',
      'GET',
      '/?\xe1\x88\xb4=bar',
      [],
      '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04',
    ],
    ['get-vanilla', 'GET', '/', [], vanilla],
    ['get-relative-relative', 'GET', '/example1/example2/../..', [], vanilla],
    ['get-relative', 'GET', '/example/..', [], vanilla],
    ['get-slash-dot-slash', 'GET', '/./', [], vanilla],
    [
      'get-slash-pointless-dot',
      'GET',
      '/./example',
      [],
      'ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5',
    ],
    ['get-slash', 'GET', '//', [], vanilla],
    [
      'get-slashes',
      'GET',
      '//example//',
      [],
      '9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84',
    ],
    [
      'get-space',
      'GET',
      '/example space/',
      [],
      '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741',
    ],
    ['post-header-key-case', 'POST', '/', [], postVanilla],
    [
      'post-header-key-sort',
      'POST',
      '/',
      ['My-Header1:value1'],
      'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
    ],
    [
      'post-header-value-case',
      'POST',
      '/',
      ['My-Header1:VALUE1'],
      'cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d',
    ],
    [
      'post-vanilla-empty-query-value',
      'POST',
      '/?Param1=value1',
      [],
      '28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11',
    ],
    [
      'post-vanilla-query',
      'POST',
      '/?Param1=value1',
      [],
      '28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11',
    ],
    ['post-vanilla', 'POST', '/', [], postVanilla],
    [
      'post-x-www-form-urlencoded',
      'POST',
      '/',
      ['Content-Type:application/x-www-form-urlencoded'],
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
      'Param1=value1',
    ],
  ])('%s', (_, method, target, lines, signature, body) => {
    const signer = signerOf(sigv4, { kind: 'sigv4', region: 'us-east-1', service: 'service' }, suite.keys)
    const names = new Set(lines.map((line) => line.split(':', 1).join('').toLowerCase()))
    const signedHeaders = [...names, 'host', 'x-amz-date'].sort().join(';')
    const dummy = `Authorization: AWS4-HMAC-SHA256 Credential=dummy/${suite.scope}, SignedHeaders=${signedHeaders}, Signature=0`
    const request = signedRequest({
      method,
      target,
      host: 'example.amazonaws.com',
      lines: ['Host: example.amazonaws.com', ...lines, 'X-Amz-Date: 20150830T123600Z', dummy],
      ...(body !== undefined && { body }),
    })
    expect(headerOf(signer.sign(request, { now: suite.now, nonce: '' }), 'authorization')).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/${suite.scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
    )
  })

  it('post-sts-header-before', () => {
    const sessionToken =
      'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=='
    const signer = signerOf(
      sigv4,
      { kind: 'sigv4', region: 'us-east-1', service: 'service' },
      { ...suite.keys, sessionToken },
    )
    const request = signedRequest({
      method: 'POST',
      host: 'example.amazonaws.com',
      lines: ['Host: example.amazonaws.com', 'X-Amz-Security-Token: dummy'],
    })
    const signature = signer.sign(request, { now: suite.now, nonce: '' })
    expect(headerOf(signature, 'x-amz-security-token')).toBe(sessionToken)
    expect(headerOf(signature, 'authorization')).toContain(
      'SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead',
    )
  })
})

// "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk" of the Amazon S3 API reference.
describe('the examples in the documentation of S3', () => {
  const keys = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  }

  it.each<
    [
      name: string,
      method: string,
      target: string,
      lines: string[],
      own: string,
      signature: string,
      body?: string,
    ]
  >([
    [
      'GET Object',
      'GET',
      '/test.txt',
      ['Range: bytes=0-9'],
      'range;',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'PUT Object',
      'PUT',
      '/test$file.text',
      ['Date: Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class: REDUCED_REDUNDANCY'],
      'date;',
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
      'Welcome to Amazon S3.',
    ],
    [
      'GET Bucket Lifecycle',
      'GET',
      '/?lifecycle',
      [],
      '',
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'List Objects',
      'GET',
      '/?max-keys=2&prefix=J',
      [],
      '',
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('%s', (_, method, target, lines, own, signature, body) => {
    // Region and service are in the host name.
    const signer = signerOf(sigv4, { kind: 'sigv4' }, keys)
    const request = signedRequest({
      method,
      target,
      host: 'examplebucket.s3.amazonaws.com',
      lines: [
        'Host: examplebucket.s3.amazonaws.com',
        ...lines,
        `Authorization: AWS4-HMAC-SHA256 Credential=dummy, SignedHeaders=${own}host`,
      ],
      ...(body !== undefined && { body }),
    })
    const made = signer.sign(request, { now: Date.UTC(2013, 4, 24), nonce: '' })
    expect(headerOf(made, 'authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/20130524\/us-east-1\/s3\/aws4_request, /,
    )
    expect(headerOf(made, 'authorization').endsWith(`Signature=${signature}`)).toBe(true)
    expect(headerOf(made, 'x-amz-date')).toBe('20130524T000000Z')
  })
})
