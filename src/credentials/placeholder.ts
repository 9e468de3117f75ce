import { HallpassError } from '../errors.ts'
import { commonBundled, commonOptions, type Kind } from './kind.ts'
import { fieldSecrets, isFieldValue, secretLine, utf8Bytes } from './value.ts'
import {
  oneSource,
  type SourcedDefinition,
  sourceBundled,
  sourceFlags,
  sourceOptions,
} from './value-source.ts'

export interface PlaceholderDefinition extends SourcedDefinition {
  readonly kind: 'placeholder'
  /** The dummy that the client sends instead of the value. Not a secret. */
  readonly placeholder: string
}

const wanted = 'the value that replaces the placeholder'
/** A shorter one would occur by chance. No blank: a header's value is cut and folded at them. */
const dummy = /^[\x21-\x7e]{8,512}$/

/**
 * A dummy of the right shape that the client holds, for tools that check a key before they use it, send it where no other
 * kind reaches, or have several for one host. It becomes the value in any header, in the Base64 of Basic and in the query,
 * and only on the way to the hosts that the credential is for.
 */
export const placeholder: Kind<PlaceholderDefinition, { value: string }> = {
  kind: 'placeholder',
  options: (z) =>
    z
      .strictObject({
        kind: z.literal('placeholder'),
        placeholder: z
          .string()
          .regex(dummy, 'a placeholder is 8 to 512 characters of visible ASCII')
          .describe('the dummy that clients send'),
        ...sourceOptions(z),
        ...commonOptions(z),
      })
      .superRefine(oneSource),
  flags: {
    ...sourceFlags,
    placeholder: {
      flags: '--placeholder <dummy>',
      summary: 'the dummy that clients send, anywhere in a request',
    },
  },
  secret: {
    wanted,
    schema: (z) => z.strictObject({ value: z.string().refine(fits) }),
    parse(text) {
      const value = secretLine(text, wanted)
      if (!fits(value))
        throw new HallpassError('value-invalid', 'the value neither begins nor ends with a space')
      return { value }
    },
    print: ({ value }) => value,
  },
  bundled: { ...commonBundled, ...sourceBundled, placeholder: 'comes' },
  place: (definition) => ({ in: 'placeholder', name: definition.placeholder }),
  attach: (definition, { value }) => ({ placeholder: definition.placeholder, value }),
  secrets: ({ value }) => fieldSecrets(value),
}

function fits(value: string): boolean {
  return value.isWellFormed() && isFieldValue(utf8Bytes(value))
}
