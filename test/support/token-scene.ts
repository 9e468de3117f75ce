import type { Socket } from 'node:net'
import { type ArrivedRequest, onRequest } from './arrived-requests.ts'
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
  await session.credentials.remove('api')
  await session.credentials.set(
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

export const accepted = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
export const refused =
  'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 7\r\n\r\nexpired'

/** An origin that takes every token but A1, and notes what came. */
export function guarded(
  arrived: ArrivedRequest[],
  answers: { readonly refused?: string; readonly accepted?: string } = {},
): (socket: Socket) => void {
  return (socket) =>
    onRequest(socket, (request) => {
      arrived.push(request)
      const good = request.token !== undefined && request.token !== 'A1'
      socket.write(good ? (answers.accepted ?? accepted) : (answers.refused ?? refused))
    })
}
