import { HallpassError } from '../errors.ts'
import { commonBundled, commonOptions, headerFlag, headerOption, type Kind } from './kind.ts'
import { fieldSecrets, isFieldValue, secretLine, utf8Bytes } from './value.ts'
import {
  oneSource,
  type SourcedDefinition,
  sourceBundled,
  sourceFlags,
  sourceOptions,
} from './value-source.ts'

export interface HeaderDefinition extends SourcedDefinition {
  readonly kind: 'header'
  readonly header: string
}

const wanted = 'the whole value of the header'

/** A header of any name, such as `X-Api-Key`. */
export const header: Kind<HeaderDefinition, { value: string }> = {
  kind: 'header',
  options: (z) =>
    z
      .strictObject({
        kind: z.literal('header'),
        header: headerOption(z).describe('the name of the header'),
        ...sourceOptions(z),
        ...commonOptions(z),
      })
      .superRefine(oneSource),
  flags: {
    ...sourceFlags,
    header: headerFlag,
  },
  secret: {
    wanted,
    schema: (z) => z.strictObject({ value: z.string().refine((value) => isFieldValue(utf8Bytes(value))) }),
    parse(text) {
      const value = secretLine(text, wanted)
      if (!isFieldValue(utf8Bytes(value)))
        throw new HallpassError('value-invalid', 'a header value neither begins nor ends with a space')
      return { value }
    },
    print: ({ value }) => value,
  },
  bundled: { ...commonBundled, ...sourceBundled, header: 'comes' },
  place: (definition) => ({ in: 'header', name: definition.header }),
  attach: (_, { value }) => ({ value: utf8Bytes(value) }),
  secrets: ({ value }) => fieldSecrets(value),
}
