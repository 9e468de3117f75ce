import type { BundleRule } from '../credentials/kind.ts'
import { kindOf } from '../credentials/kinds.ts'
import type { Zod } from '../rules/rule-schema.ts'
import type { Json } from '../store/store.ts'
import { sealedDefinition, sealedSchema } from './sealed-credential.ts'

/** A credential that a bundle brings. Nothing here but `record` is secret. */
export interface BundledCredential {
  readonly name: string
  /** As it is sealed. */
  readonly record: Json
  readonly kind: string
  readonly hosts: readonly string[]
  /** What the definition says besides; the author of the bundle chose it. */
  readonly options: Readonly<Record<string, unknown>>
  readonly hasValue: boolean
}

export type Admission =
  | { readonly kind: 'comes'; readonly credential: BundledCredential; readonly dropped: readonly string[] }
  | { readonly kind: 'stays out'; readonly reason: string }
  | { readonly kind: 'damaged' }

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/

/**
 * Lets a credential of a bundle in by the closed list of its kind (`Kind.bundled`). An option that no list knows keeps the
 * credential out, so that a new option is never open by mistake.
 */
export function admitBundled(z: Zod, name: string, given: unknown): Admission {
  const parsed = sealedSchema(z).safeParse(given)
  if (!parsed.success) return { kind: 'damaged' }
  const sealed = parsed.data
  if (![sealed.createdAt, sealed.updatedAt].every((text) => time.test(text))) return { kind: 'damaged' }
  const kind = kindOf(sealed.kind)
  if (kind === undefined) return staysOut('this hallpass does not know its kind')
  if (typeof kind.bundled === 'string') return staysOut(kind.bundled)
  const rules = new Map<string, BundleRule>(Object.entries(kind.bundled))
  const options: Record<string, unknown> = {}
  const dropped: string[] = []
  for (const [option, value] of Object.entries(sealed.options)) {
    // Also `hosts`: there they would bind nothing, and no question would name them.
    const rule = rules.get(option)
    if (rule === undefined) return staysOut('it has an option that no bundle may bring')
    const reason = typeof rule === 'function' ? rule(value) : undefined
    if (reason !== undefined) return staysOut(reason)
    if (rule === 'dropped') dropped.push(option)
    else options[option] = value
  }
  // Empty where the configuration has the definition.
  const defined = Object.keys(options).length > 0
  if (defined && sealedDefinition(z, kind, { ...sealed, options }) === undefined) return { kind: 'damaged' }
  const secret = sealed.secret === undefined ? undefined : kind.secret?.schema(z).safeParse(sealed.secret)
  if (secret?.success === false) return { kind: 'damaged' }
  const value = secret === undefined ? undefined : (kind.secret?.bundled?.(secret.data) ?? secret.data)
  const { server, createdAt, updatedAt } = sealed
  const hosts = sealed.hosts?.map(({ text }) => text)
  const record = {
    kind: kind.kind,
    ...(hosts && { hosts }),
    options,
    ...(server !== undefined && { server }),
    ...(value !== undefined && { secret: value }),
    createdAt,
    updatedAt,
  } as unknown as Json
  const credential = {
    name,
    record,
    kind: kind.kind,
    hosts: hosts ?? [],
    options,
    hasValue: value !== undefined,
  }
  return { kind: 'comes', dropped, credential }
}

function staysOut(reason: string): Admission {
  return { kind: 'stays out', reason }
}
