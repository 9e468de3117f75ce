import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { HallpassError } from '../errors.ts'

/**
 * Refuses a query, a body and the condition of a write on a documented route that does not take them. Otherwise a client that
 * asks with `?dry_run=true`, or with the `If-Match` of an older state, loses what it asked to keep.
 */
export function refuseIgnored(app: OpenAPIHono): MiddlewareHandler {
  return async (context, next) => {
    const route = documentedRoute(app, context)
    if (route !== undefined) {
      const { query, headers, body } = route.request ?? {}
      const [parameter] = query === undefined ? Object.keys(context.req.queries()) : []
      if (parameter !== undefined) throw refused(context, `the parameter ${JSON.stringify(parameter)}`)
      if (body === undefined && hasBody(context)) throw refused(context, 'a body')
      const taken = headers instanceof z.ZodObject ? headers.shape : {}
      for (const name of route.method === 'get' ? [] : ['If-Match', 'If-None-Match']) {
        if (context.req.header(name) !== undefined && !(name.toLowerCase() in taken))
          throw refused(context, name)
      }
    }
    return next()
  }
}

function documentedRoute({ openAPIRegistry }: OpenAPIHono, context: Context) {
  const path = routePath(context, -1)
  // The framework answers HEAD as GET.
  const method = context.req.method === 'HEAD' ? 'get' : context.req.method.toLowerCase()
  for (const definition of openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue
    const { route } = definition
    if (route.method === method && route.path.replaceAll(/\{(\w+)\}/g, ':$1') === path) return route
  }
  return undefined
}

function hasBody({ req }: Context): boolean {
  return Number(req.header('content-length') ?? 0) > 0 || req.header('transfer-encoding') !== undefined
}

function refused({ req }: Context, what: string): HallpassError {
  return new HallpassError('usage', `${req.method} ${req.path} does not take ${what}`)
}
