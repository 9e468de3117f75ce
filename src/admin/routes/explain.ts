import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { explanationDocument } from '../../documents/explanation-document.ts'
import { defaultSession } from '../../sessions/sessions.ts'
import { showExplanation } from '../../sessions/shown-explanation.ts'
import type { ApiBackend } from '../api-backend.ts'
import { curl } from '../curl.ts'
import { json, problems } from '../schemas/answers.ts'
import { explanationSchema } from '../schemas/explanation-schema.ts'

const explain = createRoute({
  method: 'get',
  path: '/explain',
  tags: ['explanations'],
  summary: 'Say what a request would carry, what it would not, and why',
  description: 'Nothing is sent and nothing is refreshed.',
  request: {
    query: z.strictObject({
      url: z.string().max(65_536),
      session: z.string().max(64).default(defaultSession),
      method: z
        .string()
        .regex(/^[!#$%&'*+.^_`|~\dA-Za-z-]{1,32}$/, 'not an HTTP method')
        .default('GET'),
      from: z.string().max(65_536).optional().describe('the web page that makes the request, in a browser'),
    }),
  },
  responses: { 200: json('the explanation', explanationSchema), default: problems },
  'x-codeSamples': curl("'http://hallpass/explain?session=work&url=https%3A%2F%2Fapp.example.com%2Fme'"),
})

export function explainRoutes(api: OpenAPIHono, { sessions, spell, configFile }: ApiBackend): void {
  api.openapi(explain, async (context) => {
    const { url, session, method, from } = context.req.valid('query')
    const found = await sessions.get(session)
    const explanation = showExplanation(await found.explain(url, { method: method.toUpperCase(), from }))
    const document = explanationDocument(explanation, {
      spell: (text) => spell(text, session),
      configuration: configFile(),
      scope: undefined,
      otherSettings: [],
    })
    return context.json(document, 200)
  })
}
