import { generateKeyPairSync } from 'node:crypto'
import { type Configuration, errors, Provider } from 'oidc-provider'
import type { AuthorizationRecord } from './authorization-record.ts'
import { memoryAdapter } from './memory-adapter.ts'

export interface AuthorizationServerOptions {
  /** Of access tokens; an hour when left out. */
  readonly lifeSeconds?: number
  /** Names and addresses in its certificate by the test root, the first being its issuer's. Without them it is plain http on 127.0.0.1. */
  readonly hosts?: readonly string[]
  readonly port?: number
  /** Access tokens are JWTs, with the time of a clock that is so much ahead. */
  readonly jwt?: { readonly aheadSeconds: number }
  readonly withoutExpiresIn?: boolean
}

/** Registered at every server of the tests. Public ones sign in by code, with PKCE, or by device. */
export const testClients = {
  public: { clientId: 'native' },
  basic: { clientId: 'confidential-basic', clientSecret: 'secret-of-basic-0c9d1f2e' },
  post: { clientId: 'confidential-post', clientSecret: 'secret-of-post-7a61e55b' },
  service: { clientId: 'service', clientSecret: 'secret-of-service-e41b90aa' },
} as const

const signIn = {
  // A native application's: any port goes (RFC 8252 section 7.3).
  application_type: 'native',
  redirect_uris: [
    'http://127.0.0.1/callback',
    'http://127.0.0.1/',
    'http://[::1]/callback',
    'http://localhost/callback',
  ],
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  response_types: ['code' as const],
} as const

export function clientsOf(): NonNullable<Configuration['clients']> {
  const { public: native, basic, post, service } = testClients
  const own = () => ({
    ...signIn,
    redirect_uris: [...signIn.redirect_uris],
    grant_types: [...signIn.grant_types],
    response_types: [...signIn.response_types],
  })
  const secret = ({ clientId, clientSecret }: { clientId: string; clientSecret: string }) => ({
    client_id: clientId,
    client_secret: clientSecret,
  })
  return [
    { ...own(), client_id: native.clientId, token_endpoint_auth_method: 'none' },
    { ...own(), ...secret(basic), token_endpoint_auth_method: 'client_secret_basic' },
    { ...own(), ...secret(post), token_endpoint_auth_method: 'client_secret_post' },
    { ...secret(service), redirect_uris: [], response_types: [], grant_types: ['client_credentials'] },
  ]
}

let signingKey: object | undefined

/** RS256, which every client takes unasked; made once, as it takes a moment. */
function jwk(): object {
  signingKey ??= {
    ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
    use: 'sig',
    kid: 'test',
  }
  return signingKey
}

const yearSeconds = 31_536_000

export function makeProvider(
  issuer: string,
  record: AuthorizationRecord,
  { jwt, withoutExpiresIn }: AuthorizationServerOptions,
): Provider {
  const page = (ctx: { body: unknown }, form: string) => {
    ctx.body = `<!DOCTYPE html><title>test</title>${form}`
  }
  const provider = new Provider(issuer, {
    adapter: memoryAdapter(),
    clients: clientsOf(),
    jwks: { keys: [jwk()] } as NonNullable<Configuration['jwks']>,
    cookies: { keys: ['of the tests'] },
    scopes: ['openid', 'offline_access', 'read', 'write'],
    rotateRefreshToken: true,
    issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
    pkce: { required: () => true },
    expiresWithSession: () => false,
    ttl: {
      AccessToken: () => record.lifeSeconds,
      ClientCredentials: () => record.lifeSeconds,
      RefreshToken: yearSeconds / 2,
      Grant: yearSeconds,
      AuthorizationCode: 60,
      DeviceCode: 600,
      IdToken: 3600,
      Interaction: 600,
      Session: 3600,
    },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    renderError: (ctx, out) => page(ctx, `<p class="error">${out.error}</p>`),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      deviceFlow: {
        enabled: true,
        charset: 'base-20',
        mask: '****-****',
        userCodeInputSource: (ctx, form, _, error) => page(ctx, `${error?.name ?? ''}${form}`),
        userCodeConfirmSource: page,
        successSource: (ctx) => page(ctx, 'signed in'),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => (jwt === undefined ? (undefined as never) : 'urn:test:api'),
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => {
          if (!/^(urn:test:|https?:)/.test(resource)) throw new errors.InvalidTarget()
          return {
            scope: 'read write',
            audience: resource,
            accessTokenTTL: record.lifeSeconds,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          }
        },
      },
    },
    ...(jwt === undefined
      ? {}
      : {
          formats: {
            customizers: {
              jwt: (_, __, parts) => {
                const { payload } = parts
                for (const claim of ['iat', 'exp']) payload[claim] = Number(payload[claim]) + jwt.aheadSeconds
              },
            },
          },
        }),
  })
  if (withoutExpiresIn) {
    provider.use(async (ctx, next) => {
      await next()
      if (ctx.path === '/token' && ctx.status === 200) delete (ctx.body as { expires_in?: number }).expires_in
    })
  }
  provider.on('grant.error', (_, error) => {
    if ((error as { error_detail?: string }).error_detail === 'refresh token already used') record.reuses++
  })
  // A client that cuts the connection, as is tested here.
  ;(provider as NodeJS.EventEmitter).on('error', () => {})
  provider.on('server_error', (_, error) => process.stderr.write(`authorization server: ${error.stack}\n`))
  return provider
}
