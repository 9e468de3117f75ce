import { commonBundled, commonOptions, type Definition, headerFlag, headerOption, type Kind } from './kind.ts'

export interface MirrorDefinition extends Definition {
  readonly kind: 'mirror'
  readonly cookie: string
  readonly header: string
}

/**
 * A header copied from a cookie, as sites require it against cross-site request forgery (`x-csrf-token` from `ct0`).
 * It copies the cookie as the request will carry it, with the client's own cookies merged in: header and cookie must agree. The value is
 * copied as it stands in the Cookie header, quotes and percent-encoding included, as a site compares it that reads both
 * itself. One that decodes its cookies but not its headers (Laravel's XSRF-TOKEN) finds them different, and needs a script.
 */
export const mirror: Kind<MirrorDefinition, never> = {
  kind: 'mirror',
  options: (z) =>
    z.strictObject({
      kind: z.literal('mirror'),
      cookie: z
        .string()
        .regex(/^[^\0-\x20\x7f;=]+$/, 'not a cookie name')
        .describe('the cookie that is copied'),
      header: headerOption(z).describe('the header that it is copied to'),
      ...commonOptions(z),
    }),
  flags: {
    cookie: { flags: '--cookie <name>', summary: 'the cookie it is copied from' },
    header: headerFlag,
  },
  secret: undefined,
  bundled: { ...commonBundled, cookie: 'comes', header: 'comes' },
  place: (definition) => ({ in: 'header', name: definition.header }),
  attach: (definition) => ({ cookie: definition.cookie }),
  // The plan names the secrets of its cookies. A cookie of the client's own is no secret of ours.
  secrets: () => [],
}
