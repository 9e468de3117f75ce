import type { ZodType } from 'zod'
import type { HostPattern } from '../rules/host-pattern.ts'
import { hostPatternSchema, type Zod } from '../rules/rule-schema.ts'
import { type HeaderName, headerNameProblem } from './header-name.ts'
import type { Signer } from './signer.ts'

/** The part of a request that a credential goes into. Two credentials for one place exclude each other. */
export type Place =
  | { readonly in: 'header'; readonly name: HeaderName }
  | { readonly in: 'query'; readonly name: string }
  /** Wherever the client sends this placeholder. */
  | { readonly in: 'placeholder'; readonly name: string }

/** The options that every kind has. They are not secret. */
export interface Definition {
  readonly kind: string
  /** The hosts it is for; without them it goes only where a rule names it. */
  readonly hosts?: readonly HostPattern[] | undefined
  readonly override?: boolean | undefined
  readonly allowHttp?: boolean | undefined
}

/**
 * The content of the place: bytes as a latin1 string (for a query parameter Unicode, before its percent-encoding), the value of a
 * cookie, a signature of the request, or Unicode instead of a placeholder.
 */
export type Attachment =
  | { readonly value: string }
  | { readonly cookie: string }
  | { readonly sign: Signer }
  | { readonly placeholder: string; readonly value: string }
  /** The reason why there is no value yet. */
  | { readonly nothing: string }

/** The secret of a kind as stdin takes it, as the sealed record holds it, and as `token get` prints it. */
export interface SecretForm<Value> {
  /** For prompts and errors: "a token", "user:password". */
  readonly wanted: string
  readonly schema: (z: Zod) => ZodType<Value>
  /**
   * @param text as a person typed or piped it, Unicode
   * @param now in ms, for times that count from the receipt of the value
   * @throws HallpassError 'value-invalid'
   */
  parse(text: string, now: number): Value
  print(value: Value): string
  /** The new value, with the parts of the old one that stay. Without this method nothing stays. */
  over?(before: Value, given: Value): Value
  /** The part of a value that a bundle may bring. Without this method that is all of it. */
  bundled?(value: Value): Value
}

/**
 * Whether a bundle of another machine may bring an option. The author of a bundle also names the hosts, so an option that
 * reads from this machine would send the content to those hosts.
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
  /** undefined: unknown; a 401 will show it. */
  readonly expiresAt?: number
  /** From then on it is withheld; undefined: its server decides. */
  readonly endsAt?: number
  /** When a refresh starts. */
  readonly dueAt?: number
  readonly refreshable: boolean
  /** Why only a new login helps. */
  readonly needsLogin?: string
  readonly refreshes: number
  /** A device login that waits for a person. */
  readonly pending?: PendingCode
  /** The result of the last refresh. */
  readonly last?: LastRefresh
}

/** The code of a device login, for the person who enters it. */
export interface PendingCode {
  readonly userCode: string
  readonly verificationUri: string
  /** With the code in it. */
  readonly verificationUriComplete?: string | undefined
  /** In ms since the epoch. */
  readonly expiresAt: number
}

/** The place of a value that hallpass only reads. */
export interface ReadFrom {
  /** For people. */
  readonly what: string
  /** Where a browser gets another one, if a page makes it. */
  readonly signInAt?: string
}

export interface LastRefresh {
  readonly at: number
  readonly result: 'refreshed' | 'failed' | 'needs-login'
  readonly reason?: string | undefined
  /** In a row. */
  readonly failures: number
  /** Those of the failures that are refusals in words that hallpass does not know. */
  readonly refusals?: number | undefined
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
  /** The options that a bundle may bring; a text says why a bundle may bring no credential of this kind. */
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
  /** For kinds that read their value from captured web storage: they have no secret form. */
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

/** A file of the user, by a path that means the same in every working directory. */
export const filePathOption = (z: Zod) =>
  z.string().regex(/^(?:\/|~\/|[A-Za-z]:[\\/])/, 'must be a whole path, from / or ~/')

export const pathFlag: OptionFlag = {
  flags: '--path <names>',
  summary: 'where in the JSON of the file or the key: access.token',
}

export const headerFlag: OptionFlag = { flags: '--header <name>', summary: 'the header it goes in' }
