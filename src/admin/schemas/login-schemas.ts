import { z } from '@hono/zod-openapi'
import { time } from './shared-fields.ts'

/** The login at a site. */
export const healthFields = {
  site: z.string(),
  state: z
    .enum(['ok', 'suspect', 'needs-login'])
    .describe('of the login. `suspect`: the site answered as if it had ended'),
  since: time.nullable(),
  reason: z.string().nullable(),
  url: z.string().nullable(),
  credential: z.string().nullable(),
  verified_at: time.nullable(),
  checked_at: time.nullable(),
  last_used_at: time.nullable(),
}
