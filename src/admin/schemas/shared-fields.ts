import { z } from '@hono/zod-openapi'

export const time = z.string().openapi({ format: 'date-time' }).describe('RFC 3339, UTC')

export const fingerprint = z
  .string()
  .describe('four hex digits of the SHA-256 of the value: enough to see that it changed')

/** Asks for values. */
export const reveal = z
  .enum(['true', 'false'])
  .optional()
  .describe('`true`: the answer has the values. hallpass writes to its log that they were revealed')

const sessionName = z.string().describe('the name of the session')

export const sessionPath = z.object({ id: sessionName })

export const etagHeaders = z.object({
  ETag: z.string().describe('changes with the record. Send it back as `If-Match`'),
})

export const preconditions = z.object({
  'if-match': z
    .string()
    .optional()
    .describe('write only if the record still has this `ETag`; otherwise 412 and nothing changes'),
  'if-none-match': z.string().optional().describe('`*`: write only if nothing is there yet; otherwise 412'),
})
