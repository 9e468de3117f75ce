import type { ZodType } from 'zod'
import type { HostPattern } from '../rules/host-pattern.ts'
import { hostPatternSchema, type Zod } from '../rules/rule-schema.ts'
import { type HeaderName, headerNameProblem } from './header-name.ts'
import type { Signer } from './signer.ts'

/** Where on a request a credential goes. Two credentials for one place exclude each other. */
export type Place =
  | { readonly in: 'header'; readonly name: HeaderName }
  | { readonly in: 'query'; readonly name: string }
  /** Wherever the client sends this placeholder. */
  | { readonly in: 'placeholder'; readonly name: string }

/** What every definition may say besides what its kind needs. None of it is secret. */
export interface Definition {
  readonly kind: string
  /** The hosts it is for; without them it goes only where a rule names it. */
  readonly hosts?: readonly HostPattern[] | undefined
  readonly override?: boolean | undefined
  readonly allowHttp?: boolean | undefined
}

/**
 * What goes there: bytes as a latin1 string (for a query parameter Unicode, before its percent-encoding), the value of a
 * cookie, a signature of the request, or Unicode instead of a placeholder.
 */
export type Attachment =
  | { readonly value: string }
  | { readonly cookie: string }
  | { readonly sign: Signer }
  | { readonly placeholder: string; readonly value: string }
  /** Why there is nothing yet. */
  | { readonly nothing: string }

/** The secret side of a kind: what stdin takes, what the sealed record holds, what `token get` prints. */
export interface SecretForm<Value> {
  /** For prompts and errors: "a token", "user:password". */
  readonly wanted: string
  readonly schema: (z: Zod) => ZodType<Value>
  /**
   * @param text what a person typed or piped, Unicode
   * @param now in ms, for what counts from its receipt
   * @throws HallpassError 'value-invalid'
   */
  parse(text: string, now: number): Value
  print(value: Value): string
  /** What of the value before stays when another one is set over it; without it nothing does. */
  over?(before: Value, given: Value): Value
  /** What of a value a bundle may bring; without it all. */
  bundled?(value: Value): Value
}

/**
 * What becomes of an option that a bundle of another machine brings. The author of a bundle names the hosts as well, so an
 * option that reads from this machine would send them what it reads.
 *
 * `comes`: as it is. `dropped`: the credential comes without it. A function: why the whole credential stays out, if it does.
 */
export type BundleRule = 'comes' | 'dropped' | ((value: unknown) => string | undefined)

/** The closed list of a kind. The compiler refuses an option without a rule, and a test does. */
export type BundleRules<D extends Definition> = {
  readonly [Option in Exclude<keyof D, 'kind' | 'hosts'>]-?: BundleRule
}

/** An option as a flag of `token set`. */
export interface OptionFlag {
  /** `--header <name>` */
  readonly flags: string
  /** For `--help`, which names the kinds behind it. */
  readonly summary: string
  /** Several words, or a path from where the command is typed. Otherwise one word. */
  readonly reads?: 'list' | 'path'
}

/** The compiler refuses an option without a flag. Two kinds that share an option share its flag. */
export type OptionFlags<D extends Definition> = {
  readonly [Option in Exclude<keyof D, keyof Definition>]-?: OptionFlag
}

/** How long a value still holds. Times are ms since the epoch. */
export interface Freshness {
  /** undefined: unknown, a 401 tells. */
  readonly expiresAt?: number
  /** From then on it is withheld; undefined: its server decides. */
  readonly endsAt?: number
  /** When a refresh is to start. */
  readonly dueAt?: number
  readonly refreshable: boolean
  /** Why only a new login helps. */
  readonly needsLogin?: string
  readonly refreshes: number
  /** How the last refresh went. */
  readonly last?: LastRefresh
}

/** Where a value is read that belongs to somebody else. */
export interface ReadFrom {
  /** For people. */
  readonly what: string
  /** Where a browser gets another one. */
  readonly signInAt: string
}

export interface LastRefresh {
  readonly at: number
  readonly result: 'refreshed' | 'failed' | 'needs-login'
  readonly reason?: string | undefined
  /** In a row. */
  readonly failures: number
  readonly retryAt?: number | undefined
}

/**
 * One way to authenticate requests. Each is one file of this shape, listed in kinds.ts.
 * place and attach are methods so that the list can hold kinds of different definitions: a definition never meets
 * another kind's, because both are looked up by `kind`.
 */
export interface Kind<D extends Definition = Definition, Value = unknown> {
  readonly kind: D['kind']
  readonly options: (z: Zod) => ZodType<D>
  readonly flags: OptionFlags<D>
  /** undefined: it has no value of its own. */
  readonly secret: SecretForm<Value> | undefined
  /** What a bundle may bring; a text says why no credential of this kind comes in one. */
  readonly bundled: BundleRules<D> | string
  place(definition: D): Place
  attach(definition: D, value: Value): Attachment
  /**
   * What the log cuts out, in Unicode: each secret that a request carries or is signed with. A password without its user,
   * a token without its scheme: a tool can write that part alone into a path.
   */
  secrets(value: Value): readonly string[]
  /** Of kinds whose values end. */
  freshness?(definition: D, value: Value): Freshness
  /** Of kinds whose values are read from what was captured: they have no secret form. */
  readFrom?(definition: D): ReadFrom
  print?(value: Value): string
}

export const commonOptions = (z: Zod) => ({
  hosts: z
    .array(hostPatternSchema(z))
    .min(1)
    .optional()
    .describe('the hosts it is for; without them it goes only where a rule names it'),
  override: z.boolean().optional().describe('false: what the client sent in that place stays'),
  allowHttp: z.boolean().optional().describe('true: it goes over plain HTTP too'),
})

export const commonBundled = {
  override: 'comes',
  // Attack: the importer later sets a value or logs in, and it crosses the network in clear.
  allowHttp: 'dropped',
} as const

export const headerOption = (z: Zod) =>
  z.string().transform((name, context): HeaderName => {
    const problem = headerNameProblem(name)
    if (problem === undefined) return name
    context.issues.push({ code: 'custom', input: name, message: problem })
    return z.NEVER
  })

export const headerFlag: OptionFlag = { flags: '--header <name>', summary: 'the header it goes in' }
