import type { Hook } from '@hono/zod-openapi'
import type { Env } from 'hono'
import { HallpassError } from '../errors.ts'

const partNames: Readonly<Record<string, string>> = { json: 'body', param: 'path' }

/** More of them help nobody, and a body can have thousands. */
const maxIssues = 10

/** Refuses a request that does not have the form of its route. The messages name places and forms, and quote no value. */
// biome-ignore lint/suspicious/noExplicitAny: the library's own type of a hook for all routes
export const refuseInvalid: Hook<any, Env, any, any> = (result) => {
  if (result.success) return
  const { issues } = result.error
  const part = partNames[result.target] ?? result.target
  const said = issues
    .slice(0, maxIssues)
    .map(({ path, message }) => `${[part, ...path.map(String)].join('.')}: ${message}`)
  if (issues.length > maxIssues) said.push(`and ${issues.length - maxIssues} more`)
  throw new HallpassError('usage', said.join('; '))
}
