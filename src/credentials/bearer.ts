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

export interface BearerDefinition extends SourcedDefinition {
  readonly kind: 'bearer'
}

const wanted = 'a token'
/** Wider than RFC 6750's b64token, which real tokens do not keep to (`1|abc`), but one word: a second one would be another scheme. */
const word = /^[\x21-\x7e]+$/

/** `Authorization: Bearer …`, RFC 6750 section 2.1. */
export const bearer: Kind<BearerDefinition, { token: string }> = {
  kind: 'bearer',
  options: (z) =>
    z
      .strictObject({ kind: z.literal('bearer'), ...sourceOptions(z), ...commonOptions(z) })
      .superRefine(oneSource),
  flags: sourceFlags,
  secret: {
    wanted,
    schema: (z) => z.strictObject({ token: z.string().regex(word) }),
    parse(text) {
      const token = secretLine(text, wanted)
      if (!word.test(token))
        throw new HallpassError('value-invalid', 'a bearer token is one word of visible ASCII')
      return { token }
    },
    print: ({ token }) => token,
  },
  bundled: { ...commonBundled, ...sourceBundled },
  place: () => ({ in: 'header', name: 'Authorization' }),
  attach: (_, { token }) => ({ value: `Bearer ${token}` }),
  secrets: ({ token }) => [token],
}
