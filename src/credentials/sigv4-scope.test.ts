import { describe, expect, it } from 'vitest'
import { ownSignature, scopeOfHost } from './sigv4-scope.ts'

describe('region and service of a host name', () => {
  it.each([
    ['dynamodb.eu-west-1.amazonaws.com', 'eu-west-1', 'dynamodb'],
    ['sqs.cn-north-1.amazonaws.com.cn', 'cn-north-1', 'sqs'],
    ['ec2.us-gov-west-1.amazonaws.com', 'us-gov-west-1', 'ec2'],
    ['ec2.us-iso-east-1.amazonaws.com', 'us-iso-east-1', 'ec2'],
    ['a1b2.execute-api.eu-west-1.amazonaws.com', 'eu-west-1', 'execute-api'],
    ['api.ecr.eu-west-1.amazonaws.com', 'eu-west-1', 'ecr'],
    ['email.eu-west-1.amazonaws.com', 'eu-west-1', 'ses'],
    ['bedrock-runtime.us-east-1.amazonaws.com', 'us-east-1', 'bedrock'],
    ['kms-fips.us-east-1.amazonaws.com', 'us-east-1', 'kms'],
    ['x.lambda-url.eu-west-1.on.aws', 'eu-west-1', 'lambda'],
    ['lambda.eu-west-1.api.aws', 'eu-west-1', 'lambda'],
    ['search-x.us-east-1.es.amazonaws.com', 'us-east-1', 'es'],
    ['x.us-east-1.aoss.amazonaws.com', 'us-east-1', 'aoss'],
    ['s3.amazonaws.com', 'us-east-1', 's3'],
    ['bucket.with.dots.s3.amazonaws.com', 'us-east-1', 's3'],
    ['bucket.s3.eu-west-1.amazonaws.com', 'eu-west-1', 's3'],
    ['bucket.s3.dualstack.eu-west-1.amazonaws.com', 'eu-west-1', 's3'],
    ['bucket.s3-eu-west-1.amazonaws.com', 'eu-west-1', 's3'],
    ['bucket.s3-accelerate.amazonaws.com', undefined, 's3'],
    ['iam.amazonaws.com', 'us-east-1', 'iam'],
    ['sts.amazonaws.com', 'us-east-1', 'sts'],
    ['constructor.eu-west-1.amazonaws.com', 'eu-west-1', 'constructor'],
    ['unheard-of.amazonaws.com', undefined, undefined],
    ['amazonaws.com', undefined, undefined],
    ['eu-west-1.amazonaws.com', 'eu-west-1', undefined],
    ['s3.eu-west-1.amazonaws.com.evil.test', undefined, undefined],
    ['s3.eu-west-1.notamazonaws.com', undefined, undefined],
    ['localhost', undefined, undefined],
  ])('%s: %s, %s', (host, region, service) => {
    const scope = scopeOfHost(host)
    expect([scope.region, scope.service]).toEqual([region, service])
  })
})

describe("what a client's own signature says", () => {
  it.each([
    [undefined, {}],
    ['Bearer x', {}],
    [
      'AWS4-HMAC-SHA256 Credential=AKID/20200101/eu-west-1/s3/aws4_request, SignedHeaders=host;Range, Signature=0',
      {
        region: 'eu-west-1',
        service: 's3',
        signedHeaders: ['host', 'range'],
      },
    ],
    [
      'AWS4-HMAC-SHA256 Credential=AKID/20200101/auto/s3/aws4_request,SignedHeaders=host,Signature=0',
      {
        region: 'auto',
        service: 's3',
        signedHeaders: ['host'],
      },
    ],
    // Signature Version 4a names no region in its scope.
    ['AWS4-ECDSA-P256-SHA256 Credential=AKID/20200101/s3/aws4_request, SignedHeaders=host, Signature=0', {}],
    ['AWS4-HMAC-SHA256 Credential=AKID', {}],
    ['AWS4-HMAC-SHA256 Credential=AKID/d/../s3;x/aws4_request', {}],
    [`AWS4-HMAC-SHA256 Credential=AKID/d/${'r'.repeat(65)}/s3/aws4_request`, { service: 's3' }],
  ])('%s', (value, expected) => {
    const own = ownSignature(value)
    expect({ ...own, signedHeaders: own.signedHeaders.filter((name) => name !== '') }).toEqual({
      signedHeaders: [],
      ...expected,
    })
  })
})
