import { isObject } from '../json.ts'
import type { Format } from './format.ts'
import { fromWire, toWire } from './latin1.ts'
import { lineAt } from './line-at.ts'
import { type CookiesRead, joined } from './read-each.ts'
import { readField, targetOf } from './request-field.ts'
import { formatInvalid } from './source.ts'

/** The URL in it is a string of JSON. */
const call = /\bfetch\(\s*("(?:[^"\\]|\\.)*")/g

/** "Copy as fetch (Node.js)" of Chrome, Edge and Brave: calls of `fetch` with a URL and options in JSON. */
export const fetchCall: Format = {
  detects({ latin1 }) {
    return latin1.search(call) !== -1
  },

  read({ latin1 }) {
    const line = lineAt(latin1)
    const readings = callsIn(latin1).map(({ index, url, options }): CookiesRead => {
      const where = `line ${line(index)}`
      if (typeof url !== 'string' || options === undefined) {
        return { cookies: [], skipped: [{ where, reason: 'a call of fetch that no browser copies' }] }
      }
      const headers = isObject(options) && isObject(options.headers) ? Object.entries(options.headers) : []
      const target = targetOf(url, undefined)
      return joined(
        headers.flatMap(([name, value]) =>
          typeof value === 'string' ? readField({ where, name, value: toWire(value) }, target) : [],
        ),
      )
    })
    const read = joined(readings)
    if (read.cookies.length + read.skipped.length === 0) {
      throw formatInvalid('no call of fetch with a Cookie header in it: choose "Copy as fetch (Node.js)"')
    }
    return { ...read, origins: [] }
  },
}

interface Call {
  readonly index: number
  readonly url: unknown
  /** The second argument, an object of JSON; `{}` for a call without one; undefined if it cannot be read. */
  readonly options: unknown
}

/** Reads each character once: an object that is not closed takes in the rest of the text. */
function callsIn(latin1: string): readonly Call[] {
  const calls: Call[] = []
  call.lastIndex = 0
  for (let match = call.exec(latin1); match !== null; match = call.exec(latin1)) {
    const { index } = match
    const from = call.lastIndex
    const url = parsed(match[1] ?? '')
    const start = /^\s*,\s*(?=\{)/.exec(latin1.slice(from, from + 100))
    if (start === null) {
      calls.push({ index, url, options: {} })
      continue
    }
    const at = from + start[0].length
    const end = objectEnd(latin1, at)
    calls.push({ index, url, options: end === undefined ? undefined : parsed(latin1.slice(at, end)) })
    call.lastIndex = end ?? latin1.length
  }
  return calls
}

/** The place behind the bracket that closes the object that begins here. */
function objectEnd(text: string, from: number): number | undefined {
  let depth = 0
  let quoted = false
  for (let at = from; at < text.length; at++) {
    const character = text[at]
    if (quoted && character === '\\') at++
    else if (character === '"') quoted = !quoted
    else if (!quoted && character === '{') depth++
    else if (!quoted && character === '}' && --depth === 0) return at + 1
  }
  return undefined
}

/** undefined when it is not JSON. */
function parsed(latin1: string): unknown {
  try {
    return JSON.parse(fromWire(latin1) ?? '')
  } catch {
    return undefined
  }
}
