import { type Cookie, identityOf, type RequestUrl } from '../cookies/cookie.ts'
import { Jar } from '../cookies/jar.ts'
import { siteOf } from '../cookies/site.ts'
import { isObject } from '../json.ts'
import { domainOf } from './domain.ts'
import type { Format, GivenCookie, Reading, Skipped } from './format.ts'
import { flawsOfLine, type KeptCookie } from './found-cookie.ts'
import { cookiesOfHeader, withoutTimes } from './given-cookie.ts'
import { type JsonCookieOptions, member, readJsonCookie } from './json-cookie.ts'
import { toWire } from './latin1.ts'
import { placed } from './read-each.ts'
import { formatInvalid, jsonOf } from './source.ts'

/** A recording of a browser's network panel (HAR 1.2): the cookies that requests sent and responses set, in their order. */
export const har: Format = {
  detects({ json }) {
    return 'value' in json && Array.isArray(member(member(json.value, 'log'), 'entries'))
  },

  read(source, { now }) {
    const entries = member(member(jsonOf(source), 'log'), 'entries')
    if (!Array.isArray(entries)) throw formatInvalid('no HAR: no list "log.entries"')
    const replay = new Replay({ wellEncoded: source.wellEncoded })
    for (const [index, entry] of entries.entries()) replay.entry(entry, `log.entries[${index}]`, now)
    return replay.reading()
  },
}

/** Plays a recording into jars of its own, one a site: the later of two cookies wins, and a deleted cookie is gone. */
class Replay {
  readonly #jars = new Map<string, Jar>()
  /** By the identity of the cookie: where it came last, and what could not be read of it. */
  readonly #found = new Map<string, { readonly where: string; readonly flaws: readonly string[] }>()
  readonly #skipped: Skipped[] = []
  readonly #options: JsonCookieOptions

  constructor(options: JsonCookieOptions) {
    this.#options = options
  }

  entry(entry: unknown, where: string, now: number): void {
    const request = member(entry, 'request')
    const url = urlOf(member(request, 'url'))
    const started = member(entry, 'startedDateTime')
    const recorded = typeof started === 'string' ? Date.parse(started) : Number.NaN
    // Max-Age counts from when the response came.
    const at = Number.isFinite(recorded) ? recorded : now
    const sent = listOf(member(request, 'cookies'))
    const set = setCookieLines(member(entry, 'response'))
    if (url === undefined) {
      if (sent.length + set.length > 0) this.#skip(`${where}.request.url`, 'no http or https URL')
      return
    }
    this.#requested(request, sent, { where: `${where}.request`, url, at })
    for (const line of set) {
      const outcome = this.#jar(url.host).set(line, { url, now: at })
      if (outcome.kind === 'refused') this.#skip(`${where}.response`, outcome.reason)
      else if (outcome.kind === 'deleted') this.#found.delete(identityOf(outcome.cookie))
      else {
        const found = { where: `${where}.response`, flaws: flawsOfLine(line) }
        this.#found.set(identityOf(outcome.cookie), found)
      }
    }
  }

  reading(): Reading {
    const all = [...this.#jars.values()].flatMap((jar) => jar.all())
    const pushedOut = new Map(this.#found)
    const cookies = all.map((cookie) => {
      const identity = identityOf(cookie)
      pushedOut.delete(identity)
      const { where, flaws } = this.#found.get(identity) ?? { where: 'log', flaws: [] }
      return placed(where, { cookie: withoutTimes(cookie), flaws })
    })
    for (const { where } of pushedOut.values())
      this.#skip(where, 'no room: later ones of the site went before it')
    return { cookies, origins: [], skipped: this.#skipped }
  }

  #requested(request: unknown, sent: readonly unknown[], place: Place): void {
    // Chrome lists the cookies of a request with all their attributes; other browsers with name and value alone.
    const whole = sent.filter((cookie) => typeof member(cookie, 'domain') === 'string')
    for (const value of whole) {
      const read = readJsonCookie(value, this.#options)
      if (typeof read === 'string') this.#skip(place.where, read)
      else this.#put(read, place)
    }
    if (whole.length > 0) return
    const line = headersOf(request, 'cookie').join('; ')
    const secure = place.url.scheme === 'https'
    for (const cookie of cookiesOfHeader(line, { host: place.url.host, secure })) this.#sent(cookie, place)
  }

  /** A cookie that only a request shows: a response may have set it, and a script may have changed it since. */
  #sent(cookie: GivenCookie, place: Place): void {
    const { attached } = this.#jar(place.url.host).select(place.url, { now: place.at, site: 'same-site' })
    const held = attached.filter(({ name }) => name === cookie.name)
    if (held.some(({ value }) => value === cookie.value)) return
    const [known] = held
    const { flaws = [] } = (known && this.#found.get(identityOf(known))) ?? {}
    const shown = known === undefined ? cookie : { ...withoutTimes(known), value: cookie.value }
    this.#put({ cookie: shown, flaws }, place)
  }

  #put(kept: KeptCookie, { where, at }: Place): void {
    const cookie: Cookie = { ...kept.cookie, createdAt: at, updatedAt: at }
    const outcome = this.#jar(cookie.domain).put(cookie, at)
    if (outcome.kind === 'refused') this.#skip(where, outcome.reason)
    else this.#found.set(identityOf(cookie), { where, flaws: kept.flaws })
  }

  #jar(host: string): Jar {
    const site = siteOf(host)
    const jar = this.#jars.get(site) ?? new Jar()
    this.#jars.set(site, jar)
    return jar
  }

  #skip(where: string, reason: string): void {
    this.#skipped.push({ where, reason })
  }
}

interface Place {
  readonly where: string
  readonly url: RequestUrl
  readonly at: number
}

function urlOf(text: unknown): RequestUrl | undefined {
  if (typeof text !== 'string' || !URL.canParse(text)) return undefined
  const url = new URL(text)
  const secure = url.protocol === 'https:' || url.protocol === 'wss:'
  const host = domainOf(url.hostname)?.domain
  if (host === undefined || !(secure || url.protocol === 'http:' || url.protocol === 'ws:')) return undefined
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
  return { scheme: secure ? 'https' : 'http', host, port, path: url.pathname }
}

/** The Set-Cookie lines of a response; Firefox joins those of one response by line breaks. */
function setCookieLines(response: unknown): readonly string[] {
  return headersOf(response, 'set-cookie').flatMap((text) => text.split('\n'))
}

function headersOf(message: unknown, name: string): readonly string[] {
  return listOf(member(message, 'headers')).flatMap((header) => {
    const [key, value] = [member(header, 'name'), member(header, 'value')]
    return typeof key === 'string' && typeof value === 'string' && key.toLowerCase() === name
      ? toWire(value)
      : []
  })
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}
