import { once } from 'node:events'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll } from 'vitest'
import type { HallpassError } from '../../src/errors.ts'
import { authorizationCode } from '../../src/oauth/flows/authorization-code.ts'
import type { SignInOptions } from '../../src/oauth/flows/await-callback.ts'
import { type AuthorizationServer, startAuthorizationServer } from './authorization-server.ts'
import { loginRequest } from './login-request.ts'

/** Each test file that imports this module has a server of its own. */
export let server: AuthorizationServer
beforeAll(async () => {
  server = await startAuthorizationServer()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

export const callbackUrl = /^http:\/\/(?:127\.0\.0\.1|localhost):\d+\/callback\?/

/** A login that is to fail: `browse` is not waited for, as a browser is not. */
export async function failing({
  browse,
  ...options
}: Omit<SignInOptions, 'visit'> & { browse: (url: string) => Promise<void> }): Promise<HallpassError> {
  const request = await loginRequest(server.issuer)
  return (await authorizationCode(request, {
    timeoutMs: 20_000,
    ...options,
    visit: (url) => void browse(url),
  })) as never
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export async function get(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<Answer> {
  const request = requestHttp(url, { headers, method, agent: false })
  // One that is kept waiting is a failure, not a hang.
  request.setTimeout(10_000, () => request.destroy(new Error('not answered')))
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }
}
