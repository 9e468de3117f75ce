import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { kindOf, kinds } from '../credentials/kinds.ts'
import type { Json } from '../store/store.ts'
import { admitBundled } from './bundled-credential.ts'

const at = '2026-11-21T08:00:00.000Z'
const recordOf = (kind: string, more: Readonly<Record<string, Json>> = {}): Json => {
  return { kind, options: {}, createdAt: at, updatedAt: at, ...more }
}
const admit = (record: Json) => admitBundled(z, 'api', record)

describe('of the credentials in a bundle', () => {
  const hosts = ['evil.example']
  const issuer = 'https://id.example'

  it.each(kinds.map((kind) => [kind.kind, kind] as const))(
    'each option of the kind %s has a rule, and no rule is without an option',
    (_, kind) => {
      const options = kind.options(z)
      if (!(options instanceof z.ZodObject)) throw new Error('not an object')
      const known = Object.keys(options.shape).filter((option) => option !== 'kind' && option !== 'hosts')
      if (typeof kind.bundled !== 'string') expect(Object.keys(kind.bundled).sort()).toEqual(known.sort())
    },
  )

  // A new member must be looked at before it comes in.
  it.each([
    ['bearer', ['token']],
    ['basic', ['user', 'password']],
    ['header', ['value']],
    ['query', ['value']],
    ['placeholder', ['value']],
    ['oauth1', ['consumerKey', 'consumerSecret', 'token', 'tokenSecret']],
    ['sigv4', ['accessKeyId', 'secretAccessKey', 'sessionToken']],
    ['oauth2', ['tokens', 'clientSecret', 'pending', 'attempt', 'needsLogin', 'last', 'refreshes']],
  ])('the value of the kind %s has the members %j and no other', (name, members) => {
    const schema = kindOf(name)?.secret?.schema(z)
    expect(schema instanceof z.ZodObject && Object.keys(schema.shape)).toEqual(members)
  })

  it('every kind is in the table above, or has no value', () => {
    const tested = ['bearer', 'basic', 'header', 'query', 'placeholder', 'oauth1', 'sigv4', 'oauth2']
    const withValue = kinds.filter(({ secret }) => secret !== undefined).map(({ kind }) => kind)
    expect(withValue.sort()).toEqual(tested.sort())
  })

  it.each<[what: string, record: Json, reason: string]>([
    [
      'a token file of this machine',
      recordOf('oauth2', { hosts, options: { tokenFile: '~/.config/tool/token.json' } }),
      'it reads a file of this machine',
    ],
    [
      'web storage that was captured here',
      recordOf('web-storage', { hosts, options: { origin: 'https://bank.example', key: 'auth' } }),
      'it reads web storage that was captured on this machine',
    ],
    [
      'web storage that the configuration names, for other hosts',
      recordOf('web-storage', { hosts }),
      'it reads web storage that was captured on this machine',
    ],
    ...kinds
      .filter(({ flags }) => 'fromCommand' in flags)
      .flatMap(({ kind }) =>
        [
          ['fromCommand', 'cat /etc/passwd', 'it runs a command on this machine'],
          ['fromEnv', 'AWS_SECRET_ACCESS_KEY', 'it reads the environment of this machine'],
          ['fromFile', '~/.ssh/id_ed25519', 'it reads a file of this machine'],
        ].map(([option = '', value = '', reason = '']): [string, Json, string] => [
          `${option}, of the kind ${kind}`,
          recordOf(kind, { hosts, options: { [option]: value } }),
          reason,
        ]),
      ),
    ...[
      'https://localhost',
      'http://127.0.0.1:6379',
      'https://[::1]',
      'https://app.localhost',
      'https://2130706433',
      'https://[::ffff:7f00:1]',
      'https://0.0.0.0',
    ].flatMap((issuer) =>
      ['issuer', 'tokenEndpoint', 'authorizationEndpoint', 'deviceAuthorizationEndpoint'].map(
        (option): [string, Json, string] => [
          `${option} ${issuer}`,
          recordOf('oauth2', { hosts, options: { [option]: issuer } }),
          'it sends requests to this machine',
        ],
      ),
    ),
    [
      'hosts that bind nothing',
      recordOf('bearer', { options: { hosts } }),
      'it has an option that no bundle may bring',
    ],
    [
      'an option that nobody has thought of',
      recordOf('bearer', { hosts, options: { command: 'cat /etc/passwd' } }),
      'it has an option that no bundle may bring',
    ],
    ['a kind of a newer hallpass', recordOf('exec', { hosts }), 'this hallpass does not know its kind'],
  ])('one with %s stays out', (_, record, reason) => {
    expect(admit(record)).toEqual({ kind: 'stays out', reason })
  })

  it.each([
    ['without an option that its kind needs', recordOf('header', { options: { override: true } })],
    [
      'with a value that its kind does not have',
      recordOf('bearer', { secret: { token: 'hunter2\r\nX: 1' } }),
    ],
    [
      'with a time after the last day of a Date',
      recordOf('oauth2', {
        secret: { tokens: { accessToken: 'a', receivedAt: 1, expiresAt: 1e300 }, refreshes: 0 },
      }),
    ],
    ['with a time that is none', recordOf('bearer', { createdAt: '\u001b[2J' })],
  ])('one %s is damaged', (_, record) => {
    expect(admit(record)).toEqual({ kind: 'damaged' })
  })

  it('one comes without allowHttp', () => {
    const record = recordOf('bearer', { hosts, options: { allowHttp: true, override: false } })
    expect(admit(record)).toMatchObject({
      kind: 'comes',
      dropped: ['allowHttp'],
      credential: { hosts, options: { override: false }, record: { options: { override: false } } },
    })
  })

  it("no login under way comes, nor another machine's word on when to refresh", () => {
    const pending = {
      deviceCode: 'd',
      userCode: 'EVIL-CODE',
      verificationUri: issuer,
      intervalSeconds: 5,
      expiresAt: 4e12,
    }
    const last = { at: 1, result: 'failed', failures: 1, retryAt: 4e12 }
    const needsLogin = { since: 1, reason: '\u001b[2Jvisit evil.example' }
    const kept = { clientSecret: 'cs', attempt: { since: 1 }, refreshes: 3 }
    const secret = { pending, last, needsLogin, ...kept }
    const admission = admit(recordOf('oauth2', { hosts, options: { issuer }, secret }))
    const reason = 'its login had ended when the bundle was made'
    expect(admission).toMatchObject({
      credential: { hasValue: true, record: { secret: { ...kept, needsLogin: { since: 1, reason } } } },
    })
    expect(JSON.stringify(admission)).not.toMatch(/pending|EVIL|"last"|visit/)
  })
})
