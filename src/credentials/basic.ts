import { HallpassError } from '../errors.ts'
import { commonBundled, commonOptions, type Kind } from './kind.ts'
import { secretLine } from './value.ts'
import {
  oneSource,
  type SourcedDefinition,
  sourceBundled,
  sourceFlags,
  sourceOptions,
} from './value-source.ts'

export interface BasicDefinition extends SourcedDefinition {
  readonly kind: 'basic'
}

const wanted = 'user:password'
const clear = /^[^\0-\x1f\x7f]*$/
const user = /^[^\0-\x1f\x7f:]*$/

/**
 * `Authorization: Basic …` in UTF-8, RFC 7617. Sent without waiting for a challenge: git waits for one
 * and then sends only a password that it has itself.
 */
export const basic: Kind<BasicDefinition, { user: string; password: string }> = {
  kind: 'basic',
  options: (z) =>
    z
      .strictObject({ kind: z.literal('basic'), ...sourceOptions(z), ...commonOptions(z) })
      .superRefine(oneSource),
  flags: sourceFlags,
  secret: {
    wanted,
    schema: (z) => z.strictObject({ user: z.string().regex(user), password: z.string().regex(clear) }),
    parse: (text) => fromJson(text) ?? fromPair(secretLine(text, wanted)),
    print: (value) => `${value.user}:${value.password}`,
  },
  bundled: { ...commonBundled, ...sourceBundled },
  place: () => ({ in: 'header', name: 'Authorization' }),
  attach: (_, value) => ({
    value: `Basic ${Buffer.from(`${value.user}:${value.password}`, 'utf8').toString('base64')}`,
  }),
  // The pair too: in Base64 it is found even if the password is too short to be searched for.
  secrets: ({ user: name, password }) => [password, `${name}:${password}`],
}

function fromPair(line: string): { user: string; password: string } {
  const colon = line.indexOf(':')
  if (colon === -1)
    throw new HallpassError('value-invalid', 'the value has no colon; it must be user:password')
  return { user: line.slice(0, colon), password: line.slice(colon + 1) }
}

/** `{"user":…,"password":…}`, as every kind with several secrets takes it; undefined when the text is not a JSON object. */
function fromJson(text: string): { user: string; password: string } | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  let value: Readonly<Record<string, unknown>>
  try {
    value = JSON.parse(text)
  } catch {
    return undefined // a user name may begin with a brace
  }
  const { user: name, password: word, ...others } = value
  if (typeof name !== 'string' || typeof word !== 'string' || Object.keys(others).length > 0)
    throw new HallpassError('value-invalid', 'the JSON must be {"user": "…", "password": "…"}')
  if (!user.test(name))
    throw new HallpassError('value-invalid', 'a user name has no colon and no control character')
  if (!clear.test(word)) throw new HallpassError('value-invalid', 'the password has a control character')
  if (!name.isWellFormed() || !word.isWellFormed())
    throw new HallpassError('value-invalid', 'user and password are not valid Unicode')
  return { user: name, password: word }
}
