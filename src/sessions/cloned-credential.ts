import { kindOf } from '../credentials/kinds.ts'
import { type OAuth2Value, oauth2 } from '../credentials/oauth2.ts'
import type { Zod } from '../rules/rule-schema.ts'
import type { Json } from '../store/store.ts'
import { damagedCredential, sealedSchema } from './sealed-credential.ts'

/**
 * The record of a credential for a clone of its session; undefined if it stays out. Two sessions must not hold one refresh token: the
 * server replaces it at the first refresh, and takes the second for the theft of a token, which ends the login of both.
 */
export function clonedCredential(z: Zod, name: string, record: Json): Json | undefined {
  const sealed = sealedSchema(z).safeParse(record).data
  if (sealed === undefined) throw damagedCredential(name)
  // A kind of a newer hallpass may have such a secret too.
  if (kindOf(sealed.kind) === undefined) return undefined
  if (sealed.kind !== oauth2.kind || sealed.secret === undefined) return record
  const secret = oauth2.secret?.schema(z).safeParse(sealed.secret)
  if (secret?.success !== true) throw damagedCredential(name)
  return { ...(record as object), secret: withoutGrant(secret.data) } as unknown as Json
}

/** Not `pending` either: a device code is good for one login. */
function withoutGrant({ tokens, clientSecret, needsLogin }: OAuth2Value): OAuth2Value {
  const hasAccess = tokens !== undefined && tokens.accessToken !== ''
  return {
    ...(hasAccess && { tokens: { ...tokens, refreshToken: undefined } }),
    ...(clientSecret !== undefined && { clientSecret }),
    ...(needsLogin && { needsLogin }),
    refreshes: 0,
  }
}
