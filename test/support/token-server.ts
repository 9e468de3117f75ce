import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type TokenFetch, tokenFetch } from '../../src/oauth/token-fetch.ts'

/** The reaction of a token server to a request: an answer, a reset or silence. */
export type Deed =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: unknown }
  | 'reset'
  | 'silence'

/** A token endpoint on loopback whose deeds a test decides. */
export interface TokenServer {
  readonly url: string
  /** The forms that came. */
  readonly asked: readonly URLSearchParams[]
  /** By default tokens of the next number: `access-2` and `refresh-2` for the first request. */
  deed: (form: URLSearchParams) => Deed | Promise<Deed>
  /** Resolves when so many requests have come. */
  came(count: number): Promise<void>
  close(): Promise<void>
}

export async function startTokenServer(): Promise<TokenServer> {
  const http = createServer()
  const asked: URLSearchParams[] = []
  http.on('request', async (request, response) => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const form = new URLSearchParams(text)
    asked.push(form)
    http.emit('came')
    const deed = await server.deed(form)
    if (deed === 'reset') request.socket.destroy()
    if (deed === 'silence' || deed === 'reset') return
    const body = typeof deed.body === 'string' ? deed.body : JSON.stringify(deed.body)
    response.writeHead(deed.status ?? 200, { 'content-type': 'application/json', ...deed.headers }).end(body)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const server: TokenServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/token`,
    asked,
    deed: () => ({ body: pair(asked.length + 1) }),
    async came(count) {
      while (asked.length < count) await once(http, 'came')
    },
    close: () => closed(http),
  }
  onTestFinished(() => closed(http))
  return server
}

/** A token response. */
export function pair(number: number, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    access_token: `access-${number}`,
    refresh_token: `refresh-${number}`,
    token_type: 'Bearer',
    expires_in: 3600,
    ...more,
  }
}

/** Plain HTTP to loopback needs neither roots nor names. */
export function loopbackFetch(deadlineMs = 5_000): TokenFetch {
  return tokenFetch({
    roots: [],
    resolve: new Map(),
    deadlineMs,
  })
}

async function closed(http: Server): Promise<void> {
  if (!http.listening) return
  http.closeAllConnections()
  http.close()
  await once(http, 'close')
}
