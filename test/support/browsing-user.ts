import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { text } from 'node:stream/consumers'
import { testRootPem } from './origin.ts'

export interface Page {
  readonly url: string
  readonly status: number
  readonly body: string
  /** Every URL on the way, the last one included. */
  readonly way: readonly string[]
}

/** A browser as far as signing in needs one: it follows redirects, keeps cookies, sends forms. One jar for all hosts is enough on one loopback. */
export class BrowsingUser {
  readonly #cookies = new Map<string, string>()

  /** Follows redirects to the end, or to the first one whose URL `stopAt` matches, which is then not fetched. */
  async visit(url: string, form?: Readonly<Record<string, string>>, stopAt?: RegExp): Promise<Page> {
    const way: string[] = []
    let body = form === undefined ? undefined : new URLSearchParams(form).toString()
    for (let next = url; way.length < 20; ) {
      way.push(next)
      const response = await this.#fetch(next, body)
      const { statusCode: status = 0, headers } = response
      const said = await text(response)
      if (status < 300 || status >= 400 || headers.location === undefined)
        return { url: next, status, body: said, way }
      next = new URL(headers.location, next).href
      body = undefined
      if (stopAt?.test(next)) return { url: next, status, body: said, way: [...way, next] }
    }
    throw new Error(`redirected without end: ${way.join(' ')}`)
  }

  /** Types the code of a device login and says yes, and signs in. */
  async approveDevice(verificationUri: string, userCode: string): Promise<Page> {
    const asked = await this.#enterCode(verificationUri, userCode)
    return await this.visit(asked.action, { ...asked.fields, confirm: 'yes' })
  }

  async denyDevice(verificationUri: string, userCode: string): Promise<Page> {
    const asked = await this.#enterCode(verificationUri, userCode)
    return await this.visit(asked.action, { ...asked.fields, abort: 'yes' })
  }

  async #enterCode(verificationUri: string, userCode: string) {
    const entry = formOf(await this.visit(verificationUri))
    return formOf(await this.visit(entry.action, { ...entry.fields, user_code: userCode }))
  }

  #fetch(url: string, body: string | undefined): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const request = url.startsWith('https:') ? requestHttps : requestHttp
    const headers = {
      cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    }
    const options = { method: body === undefined ? 'GET' : 'POST', headers, ca: testRootPem(), agent: false }
    const sent = request(url, options, (response) => {
      for (const line of response.headers['set-cookie'] ?? []) this.#keep(line)
      resolve(response)
    })
    sent.on('error', reject)
    sent.end(body)
    return promise
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) this.#cookies.delete(name)
    else this.#cookies.set(name, value)
  }
}

function formOf({ body, url }: Page): { readonly action: string; readonly fields: Record<string, string> } {
  const action = /<form[^>]* action="([^"]*)"/.exec(body)?.[1]
  if (action === undefined) throw new Error(`no form at ${url}: ${body}`)
  const inputs = body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)
  const fields = Object.fromEntries([...inputs].map(([, name = '', value = '']) => [name, value]))
  // The confirmation's own yes is the caller's to say.
  delete fields.confirm
  return { action: new URL(action, url).href, fields }
}
