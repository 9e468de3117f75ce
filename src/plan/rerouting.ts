import { percentDecode } from '../credentials/percent-encoding.ts'
import { reroutingField } from '../http1/rerouting-field.ts'
import type { ClientHead } from './client-head.ts'

export interface Rerouting {
  /** The client's head without it. */
  readonly rest: ClientHead
  /** Lower-case names of the fields, as the client spelled them. */
  readonly fields: readonly string[]
  /** For people: `x-http-method-override`, `?_method`. */
  readonly names: readonly string[]
}

/** The fields and query parameters of a head that name another method or path; undefined where it has none. */
export function reroutingIn({ target, fields }: ClientHead): Rerouting | undefined {
  const found = new Set<string>()
  const names = new Set<string>()
  for (const { name, lower = name.toLowerCase() } of fields) {
    const usual = reroutingField(lower)
    if (usual === undefined) continue
    found.add(lower)
    names.add(usual)
  }
  const straight = withoutMethodParam(target)
  if (straight !== target) names.add('?_method')
  if (names.size === 0) return undefined
  const kept = fields.filter(({ name, lower = name.toLowerCase() }) => !found.has(lower))
  return { rest: { target: straight, fields: kept }, fields: [...found], names: [...names] }
}

/** Symfony, Laravel and Spring read the method from `_method`, also in the query. */
function withoutMethodParam(target: string): string {
  const at = target.indexOf('?')
  if (at === -1) return target
  const parts = target.slice(at + 1).split('&')
  // Some servers separate parameters by semicolons too.
  const kept = parts.filter((part) => !part.split(';').some(isMethodParam))
  if (kept.length === parts.length) return target
  return kept.length === 0 ? target.slice(0, at) : `${target.slice(0, at)}?${kept.join('&')}`
}

/** PHP drops spaces before a name, reads `.` and a space in it as `_`, and ends it at a NUL. */
function isMethodParam(pair: string): boolean {
  const [name = ''] = pair.split('=', 1)
  return /^ *[_. ]method(?:\0|$)/i.test(percentDecode(name.replaceAll('+', ' ')))
}
