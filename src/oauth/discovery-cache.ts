import type { TokenFetch } from './token-fetch.ts'

/** Endpoints move once in years. A proxy that runs for weeks notices within the hour. */
const freshMs = 60 * 60_000

interface Kept {
  readonly text: string
  readonly headers: readonly (readonly [string, string])[]
  readonly at: number
}

/** By fetch: an answer that came with other roots is not trusted with these. */
const byFetch = new WeakMap<TokenFetch, Map<string, Kept>>()

/** A fetch that keeps the answers to GET, which are discovery documents. It falls back on a kept one when the server is away. */
export function discoveryCache(fetch: TokenFetch): TokenFetch {
  const kept = byFetch.get(fetch) ?? new Map<string, Kept>()
  byFetch.set(fetch, kept)
  return async (url, init) => {
    if (init.method !== 'GET') return fetch(url, init)
    const known = kept.get(url)
    if (known !== undefined && performance.now() - known.at < freshMs) return responseOf(known)
    try {
      const response = await fetch(url, init)
      if (!response.ok) return known === undefined || response.status < 500 ? response : responseOf(known)
      const next = { text: await response.text(), headers: [...response.headers], at: performance.now() }
      // Only JSON is kept: an error page must not be the answer for an hour.
      if (isJson(next.text)) kept.set(url, next)
      return responseOf(next)
    } catch (error) {
      if (known === undefined) throw error
      return responseOf(known)
    }
  }
}

function responseOf({ text, headers }: Kept): Response {
  return new Response(text, { status: 200, headers: headers.map(([name, value]) => [name, value]) })
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
