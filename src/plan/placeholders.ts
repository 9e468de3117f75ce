import { headerNameProblem } from '../credentials/header-name.ts'
import { utf8Bytes } from '../credentials/value.ts'
import { hopByHop } from '../http1/connection-fields.ts'
import type { ClientHead } from './client-head.ts'
import { readings } from './hidden-readings.ts'
import type { Plan } from './plan.ts'
import { paramName } from './query-target.ts'

/** A client's head with the values in place of the placeholders. */
export interface Swapped extends ClientHead {
  /** Lower-case names of the fields that changed. */
  readonly headers: ReadonlySet<string>
  /** Names of the query parameters that changed. */
  readonly params: ReadonlySet<string>
  /** Names of the credentials whose values are in it now. */
  readonly used: ReadonlySet<string>
}

interface Entry {
  readonly placeholder: string
  readonly name: string
  /** Unicode; undefined when it must not go to this host. */
  readonly value: string | undefined
  readonly reason: string
}

interface Table {
  /** The longest placeholder first, because a placeholder can begin with another one. */
  readonly entries: readonly Entry[]
  readonly guarded: boolean
  /** A group for each entry. */
  readonly plain: RegExp
  /** The same, with any of the characters percent-encoded. */
  readonly encoded: RegExp
}

/** One plan serves thousands of requests. */
const tables = new WeakMap<Plan, Table>()

/**
 * Replaces placeholders by the plan's values: in header values, in the Base64 of Basic, in the query. The path stays,
 * because a rule has judged it.
 * @returns undefined when the head has no placeholder; the reason when it has one that must not go to this host
 */
export function swapPlaceholders(plan: Plan, head: ClientHead): Swapped | string | undefined {
  const table = tables.get(plan) ?? makeTable(plan)
  if (table.entries.length === 0) return undefined
  const stray = table.guarded ? strayIn(table, head) : undefined
  if (stray !== undefined) return stray

  const used = new Set<string>()
  const swap = (text: string, pattern: RegExp, encode: (value: string) => string) =>
    text.replace(pattern, (found, ...groups) => {
      const { name, value } = table.entries.find((_, index) => groups[index] !== undefined) ?? {}
      if (name === undefined || value === undefined) return found
      used.add(name)
      return encode(value)
    })
  const swapPlain = (text: string) => swap(text, table.plain, utf8Bytes)

  const headers = new Set<string>()
  const fields = head.fields.map((field) => {
    const lower = field.lower ?? field.name.toLowerCase()
    if (!takesValue(lower)) return field
    const value = swapBasic(field.value, swapPlain) ?? swapPlain(field.value)
    if (value === field.value) return field
    headers.add(lower)
    return { name: field.name, lower, value }
  })
  const params = new Set<string>()
  const [path = '', ...query] = head.target.split('?')
  const parts = query
    .join('?')
    .split('&')
    .map((part) => {
      const swapped = swap(part, table.encoded, encodeURIComponent)
      if (swapped !== part) params.add(paramName(part))
      return swapped
    })
  if (used.size === 0) return undefined
  const target = params.size === 0 ? head.target : `${path}?${parts.join('&')}`
  return { target, fields, headers, params, used }
}

function makeTable(plan: Plan): Table {
  const entries: Entry[] = plan.guards.map((guard) => ({ ...guard, value: undefined }))
  for (const { name, source } of plan.credentials.attached) {
    if (source.from !== 'placeholder') continue
    entries.push({ placeholder: source.placeholder, name, value: source.value.reveal(), reason: '' })
  }
  entries.sort((a, b) => b.placeholder.length - a.placeholder.length)
  const anyOf = (spell: (character: string) => string) =>
    new RegExp(entries.map(({ placeholder }) => `(${[...placeholder].map(spell).join('')})`).join('|'), 'g')
  const table = {
    entries,
    guarded: plan.guards.length > 0,
    plain: anyOf(literally),
    // Encoded first, or `%25` would match by its `%` alone.
    encoded: anyOf((character) => `(?:${percentPattern(character)}|${literally(character)})`),
  }
  tables.set(plan, table)
  return table
}

function literally(character: string): string {
  return /\w/.test(character) ? character : `\\${character}`
}

/** `%6b`, `%6B`. */
function percentPattern(character: string): string {
  const hex = character.charCodeAt(0).toString(16).padStart(2, '0')
  return `%${[...hex].map((digit) => `[${digit}${digit.toUpperCase()}]`).join('')}`
}

/** Fields that frame or route the message, or that end at this connection, keep their text. */
function takesValue(lower: string): boolean {
  return lower === 'cookie' || (!hopByHop.has(lower) && headerNameProblem(lower) === undefined)
}

/** git and others send `user:password` in Base64. undefined without Basic or without a placeholder. */
function swapBasic(value: string, swap: (text: string) => string): string | undefined {
  const [, scheme = '', encoded = ''] = /^(Basic\s+)([A-Za-z0-9+/_-]+={0,2})$/i.exec(value) ?? []
  if (encoded === '') return undefined
  const pair = Buffer.from(encoded, 'base64').toString('latin1')
  const swapped = swap(pair)
  return swapped === pair ? undefined : `${scheme}${Buffer.from(swapped, 'latin1').toString('base64')}`
}

/** The reason why a head must not go out, if a guarded placeholder is in it. It names the credential, not the value. */
function strayIn(table: Table, { target, fields }: ClientHead): string | undefined {
  const strayOf = (text: string) => {
    for (const reading of readings(text)) {
      for (const [, ...groups] of reading.matchAll(table.plain)) {
        const entry = table.entries.find((_, index) => groups[index] !== undefined)
        if (entry !== undefined && entry.value === undefined) return entry
      }
    }
    return undefined
  }
  const query = target.indexOf('?')
  const places: [where: string, text: string][] = [
    ['path', query === -1 ? target : target.slice(0, query)],
    // The whole target: a placeholder can contain the `?`.
    ['query', target],
  ]
  for (const { name, lower = name.toLowerCase(), value } of fields) {
    if (hopByHop.has(lower)) continue
    places.push([`header ${lower}`, value], ['headers', name])
  }
  for (const [where, text] of places) {
    const stray = strayOf(text)
    if (stray !== undefined)
      return `the placeholder of "${stray.name}" is in its ${where}, but must not go to this host: ${stray.reason}`
  }
  return undefined
}
