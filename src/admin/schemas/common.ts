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

export const problemSchema = z
  .strictObject({
    type: z.literal('about:blank'),
    title: z.string().describe('the phrase of the status'),
    status: z.int(),
    detail: z.string().describe('what happened to what'),
    code: z.string().describe('a code of [errors.md](errors.md)'),
    hint: z.string().nullable().describe('a command to type'),
  })
  .openapi('Problem')

export const problems = {
  description: 'problem details (RFC 9457)',
  content: { 'application/problem+json': { schema: problemSchema } },
} as const

/** An answer of JSON. */
export function json<T extends z.ZodType>(description: string, schema: T) {
  return { description, content: { 'application/json': { schema } } } as const
}

export const etagHeaders = z.object({
  ETag: z.string().describe('changes with the record. Send it back as `If-Match`'),
})

export const preconditions = z.object({
  'if-match': z
    .string()
    .optional()
    .describe('write only if the record still has this `ETag`; else 412 and nothing changes'),
  'if-none-match': z.string().optional().describe('`*`: write only if there is none yet; else 412'),
})
