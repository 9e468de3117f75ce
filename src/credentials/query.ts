import { commonBundled, commonOptions, type Kind } from './kind.ts'
import { fieldSecrets, secretLine } from './value.ts'
import {
  oneSource,
  type SourcedDefinition,
  sourceBundled,
  sourceFlags,
  sourceOptions,
} from './value-source.ts'

export interface QueryDefinition extends SourcedDefinition {
  readonly kind: 'query'
  readonly param: string
}

const wanted = 'the value of the parameter'

/** A query parameter, such as `?key=…`. It is put on the request target on its way out and logged nowhere. */
export const query: Kind<QueryDefinition, { value: string }> = {
  kind: 'query',
  options: (z) =>
    z
      .strictObject({
        kind: z.literal('query'),
        param: z
          .string()
          .regex(/^[^\0-\x1f\x7f]+$/, 'not a parameter name')
          .refine((name) => name.isWellFormed(), 'not valid Unicode')
          .describe('the name of the parameter'),
        ...sourceOptions(z),
        ...commonOptions(z),
      })
      .superRefine(oneSource),
  flags: {
    ...sourceFlags,
    param: { flags: '--param <name>', summary: 'the query parameter it goes in' },
  },
  secret: {
    wanted,
    schema: (z) =>
      z.strictObject({
        value: z
          .string()
          .regex(/^[^\0-\x1f\x7f]+$/)
          .refine((value) => value.isWellFormed()),
      }),
    parse: (text) => ({ value: secretLine(text, wanted) }),
    print: ({ value }) => value,
  },
  bundled: { ...commonBundled, ...sourceBundled, param: 'comes' },
  place: (definition) => ({ in: 'query', name: definition.param }),
  attach: (_, { value }) => ({ value }),
  secrets: ({ value }) => fieldSecrets(value),
}
