import { z } from '@hono/zod-openapi'

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
