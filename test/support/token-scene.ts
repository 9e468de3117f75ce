import type { rawOrigin } from './origin.ts'
import type { TestProxyOptions } from './proxy.ts'
import { type Scene, scene } from './scene.ts'
import { type TokenEndpoint, tokenEndpoint } from './token-endpoint.ts'

export interface TokenScene extends Scene {
  readonly tokens: TokenEndpoint
}

/** As `scene`, with an access token A1 in place of SECRET, which nobody says the life of, and the refresh token R1. */
export async function tokenScene(
  serve: Parameters<typeof rawOrigin>[0],
  options: TestProxyOptions = {},
  definition: Readonly<Record<string, unknown>> = {},
): Promise<TokenScene> {
  const tokens = await tokenEndpoint()
  const made = await scene(serve, options)
  const { session } = made.proxy
  await session.removeCredential('api')
  await session.setCredential(
    'api',
    { kind: 'oauth2', hosts: ['site.test'], tokenEndpoint: tokens.url, clientId: 'tests', ...definition },
    JSON.stringify({ access_token: 'A1', refresh_token: 'R1', token_type: 'Bearer' }),
  )
  return {
    ...made,
    tokens,
    async [Symbol.asyncDispose]() {
      await made[Symbol.asyncDispose]()
      await tokens[Symbol.asyncDispose]()
    },
  }
}
