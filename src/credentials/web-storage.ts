import { commonOptions, type Definition, headerFlag, headerOption, type Kind, pathFlag } from './kind.ts'
import { jwtEndsAt } from './token-life.ts'
import { fieldSecrets, isFieldValue, utf8Bytes } from './value.ts'

export interface WebStorageDefinition extends Definition {
  readonly kind: 'web-storage'
  /** As a browser writes it: `https://app.example.com`. */
  readonly origin: string
  readonly key: string
  /** Names joined by dots, and numbers in lists: `accounts.0.token`. */
  readonly path?: string | undefined
  readonly area?: 'local' | 'session' | 'database' | undefined
  readonly header?: string | undefined
}

/** The token as the storage holds it now, read again after each change. Unicode. */
export interface WebStorageValue {
  readonly token: string
}

/** Pairs of names and values, as they are captured. */
export interface StoredPairs {
  readonly localStorage: readonly (readonly [key: string, value: string])[]
  readonly sessionStorage: readonly (readonly [key: string, value: string])[]
  /** The databases by name, each as JSON. */
  readonly indexedDB: readonly (readonly [name: string, value: string])[]
}

/** The server's clock and ours differ: within this its own answer decides. */
const clockSkewMs = 120_000

/** As of a bearer: one word, or a second one would be another scheme. */
const word = /^[\x21-\x7e]+$/

/**
 * A token that a page keeps in its web storage and sends itself, by script. It has no value of its own: hallpass reads the
 * web storage that a login window captured or an import brought, and reads it again when it changes.
 */
export const webStorage: Kind<WebStorageDefinition, WebStorageValue> = {
  kind: 'web-storage',
  options: (z) =>
    z.strictObject({
      kind: z.literal('web-storage'),
      origin: z
        .string()
        .transform((text, context) => {
          const origin = originOf(text)
          if (origin !== undefined) return origin
          const message = 'must be the origin of a page, such as https://app.example.com'
          context.issues.push({ code: 'custom', input: text, message })
          return z.NEVER
        })
        .describe('the page whose storage it is in'),
      key: z
        .string()
        .regex(/^[^\0-\x1f\x7f]+$/, 'not a key')
        .describe('the key that it is under'),
      path: z
        .string()
        .regex(/^[^\0-\x1f\x7f.]+(?:\.[^\0-\x1f\x7f.]+)*$/, 'must be names joined by dots')
        .optional()
        .describe('where in the JSON under that key: access.token, accounts.0.token'),
      area: z
        .enum(['local', 'session', 'database'])
        .optional()
        .describe(
          'localStorage, sessionStorage or IndexedDB alone, where the key is the name of a database; otherwise the first that has the key',
        ),
      header: headerOption(z).optional().describe('the header that has it, if not Authorization: Bearer'),
      ...commonOptions(z),
    }),
  flags: {
    origin: { flags: '--origin <url>', summary: 'the page in whose web storage it is' },
    key: { flags: '--key <name>', summary: 'the key that it is under' },
    path: pathFlag,
    area: {
      flags: '--area <area>',
      summary: 'local, session or database; otherwise the first that has the key',
    },
    header: headerFlag,
  },
  secret: undefined,
  // Attack: the token of a page that the importer signed in at, sent to the hosts of the bundle's author.
  bundled: 'it reads web storage that was captured on this machine',
  place: ({ header }) => ({ in: 'header', name: header ?? 'Authorization' }),
  attach: ({ header }, { token }) => ({
    value: header === undefined ? `Bearer ${token}` : utf8Bytes(token),
  }),
  secrets: ({ token }) => fieldSecrets(token),
  freshness(_, { token }) {
    // Unlike a token response, storage does not say when the token came. So its life cannot count from then.
    const expiresAt = jwtEndsAt(token)
    if (expiresAt === undefined) return { refreshable: false, refreshes: 0 }
    return { expiresAt, endsAt: expiresAt + clockSkewMs, refreshable: false, refreshes: 0 }
  },
  readFrom: ({ key, path, origin }) => ({
    what: `${path === undefined ? key : `${path} of ${key}`} in the web storage of ${origin}`,
    signInAt: origin,
  }),
  print: ({ token }) => token,
}

/** @returns why there is none, or the value */
export function readWebStorage(
  { key, path, area, header }: WebStorageDefinition,
  stored: StoredPairs | undefined,
): WebStorageValue | string {
  const areas = {
    local: stored?.localStorage,
    session: stored?.sessionStorage,
    database: stored?.indexedDB,
  }
  const searched = area === undefined ? Object.values(areas) : [areas[area]]
  const [, text] = searched.flatMap((pairs) => pairs ?? []).find(([name]) => name === key) ?? []
  if (text === undefined) return `there is no ${key}`
  const found = (path === undefined ? [] : path.split('.')).reduce(memberOf, text as unknown)
  const plain = typeof found === 'string' ? (textInJson(found) ?? found) : undefined
  if (plain === undefined || plain === '')
    return `${key} has no text${path === undefined ? '' : ` at ${path}`}`
  // Some pages keep the whole field value.
  const token = header === undefined ? plain.replace(/^Bearer /i, '') : plain
  const fits =
    header === undefined ? word.test(token) : token.isWellFormed() && isFieldValue(utf8Bytes(token))
  return fits ? { token } : `the value of ${key} is not a token`
}

/** A step into JSON, also where that is a text inside of other JSON. Own names alone: a path may say `constructor`. */
function memberOf(value: unknown, name: string): unknown {
  const parsed = typeof value === 'string' ? parsedJson(value) : value
  if (typeof parsed !== 'object' || parsed === null || !Object.hasOwn(parsed, name)) return undefined
  return (parsed as Readonly<Record<string, unknown>>)[name]
}

/** Frameworks store `"abc"` for the text abc. */
function textInJson(text: string): string | undefined {
  const value = text.startsWith('"') ? parsedJson(text) : undefined
  return typeof value === 'string' ? value : undefined
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function originOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined
  return url.href === `${url.origin}/` ? url.origin : undefined
}
