import { HallpassError } from '../errors.ts'
import { commonBundled, commonOptions, headerFlag, headerOption, type Kind } from './kind.ts'
import { fieldSecrets, isFieldValue, secretLine, utf8Bytes } from './value.ts'
import { type CommandDefinition, commandBundled, commandFlags, commandOptions } from './value-command.ts'

export interface HeaderDefinition extends CommandDefinition {
  readonly kind: 'header'
  readonly header: string
}

const wanted = 'the whole value of the header'

/** A header of any name, such as `X-Api-Key`. */
export const header: Kind<HeaderDefinition, { value: string }> = {
  kind: 'header',
  options: (z) =>
    z.strictObject({
      kind: z.literal('header'),
      header: headerOption(z).describe('the name of the header'),
      ...commandOptions(z),
      ...commonOptions(z),
    }),
  flags: {
    ...commandFlags,
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
  bundled: { ...commonBundled, ...commandBundled, header: 'comes' },
  place: (definition) => ({ in: 'header', name: definition.header }),
  attach: (_, { value }) => ({ value: utf8Bytes(value) }),
  secrets: ({ value }) => fieldSecrets(value),
}
