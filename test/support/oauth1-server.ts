import { createHmac } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type OAuth from 'oauth-1.0a'
import { httpOrigin, type TestOrigin } from './origin.ts'

// Its types speak of a default export that its code does not have.
const OAuth1 = createRequire(import.meta.url)('oauth-1.0a') as typeof OAuth

export interface OAuth1Server extends AsyncDisposable {
  readonly origin: TestOrigin
  readonly endpoints: {
    readonly requestToken: string
    readonly authorize: string
    readonly accessToken: string
  }
  /** Changes the query with which the authorize page sends the person back. */
  answer: (query: URLSearchParams) => void
  /** Changes the answer to the first leg. */
  temporary: (answer: URLSearchParams) => void
  /** The PIN that a person is shown with `oob`. */
  readonly pin: string
}

export const oauth1Consumer = { consumerKey: 'consumer', consumerSecret: 'secret-of-consumer&=+' }
export const oauth1Token = { token: 'token-of-ada', tokenSecret: 'secret-of-the-token/+' }

/** The three legs, with signatures checked by another implementation. */
export async function startOAuth1Server(
  /** By https under a name, below a path; without it by plain http. */
  at?: { readonly host: string; readonly below: string },
): Promise<OAuth1Server> {
  let callback = ''
  const temporarySecret = 'secret-of-the-temporary'
  const oauth = new OAuth1({
    consumer: { key: oauth1Consumer.consumerKey, secret: oauth1Consumer.consumerSecret },
    signature_method: 'HMAC-SHA1',
    hash_function: (base: string, key: string) => createHmac('sha1', key).update(base).digest('base64'),
  })
  const signed = (url: string, header: string, tokenSecret?: string): Record<string, string> | undefined => {
    const parameters = Object.fromEntries(
      [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
        name,
        decodeURIComponent(value),
      ]),
    )
    const { oauth_signature: signature, ...rest } = parameters
    const request = { url, method: 'POST', data: {} }
    const expected = oauth.getSignature(request, tokenSecret, rest as unknown as OAuth.Data)
    return signature === expected ? parameters : undefined
  }
  const server = {} as { -readonly [K in keyof OAuth1Server]: OAuth1Server[K] }
  const origin = await httpOrigin(
    (request, response) => {
      const url = new URL(request.url ?? '/', server.endpoints.requestToken)
      const header = request.headers.authorization ?? ''
      const refuse = () => void response.writeHead(401).end(`{"errors":[{"message":"${header}"}]}`)
      if (url.pathname.endsWith('/request_token')) {
        const parameters = signed(url.href, header)
        if (parameters === undefined) return refuse()
        callback = parameters.oauth_callback ?? ''
        const answer = new URLSearchParams({
          oauth_token: 'temporary',
          oauth_token_secret: temporarySecret,
          oauth_callback_confirmed: 'true',
        })
        server.temporary(answer)
        return form(response, answer)
      }
      if (url.pathname.endsWith('/authorize')) {
        if (callback === 'oob') return void response.end(`PIN ${server.pin}`)
        const back = new URL(callback)
        back.searchParams.set('oauth_token', url.searchParams.get('oauth_token') ?? '')
        back.searchParams.set('oauth_verifier', server.pin)
        server.answer(back.searchParams)
        return void response.writeHead(302, { location: back.href }).end()
      }
      const parameters = signed(url.href, header, temporarySecret)
      if (parameters?.oauth_token !== 'temporary' || parameters.oauth_verifier !== server.pin) return refuse()
      form(
        response,
        new URLSearchParams({
          oauth_token: oauth1Token.token,
          oauth_token_secret: oauth1Token.tokenSecret,
          screen_name: 'ada',
        }),
      )
    },
    at === undefined ? {} : { hosts: [at.host] },
  )
  const base = at === undefined ? `http://127.0.0.1:${origin.port}` : `https://${at.host}${at.below}`
  return Object.assign(server, {
    origin,
    endpoints: {
      requestToken: `${base}/request_token`,
      authorize: `${base}/authorize`,
      accessToken: `${base}/access_token`,
    },
    answer: () => {},
    temporary: () => {},
    pin: '7654321',
    [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose](),
  })
}

function form(response: ServerResponse, answer: URLSearchParams): void {
  response.setHeader('content-type', 'application/x-www-form-urlencoded').end(answer.toString())
}
