import { HallpassError } from '../errors.ts'
import type { RunScope } from '../plan/run-scope.ts'

/** `run` writes the scope of its child here, so that a hallpass inside speaks of what the child can use. */
export const scopeVariable = 'HALLPASS_SCOPE'

export function scopeText(scope: RunScope): string {
  return JSON.stringify(scope)
}

/**
 * The scope of the child that this process is, or is below. It decides nothing: the proxy keeps the scope with the client token.
 * @param session the session to speak of; the child's scope is not for another one
 */
export function inheritedScope(env: NodeJS.ProcessEnv, session: string): RunScope {
  const text = env[scopeVariable]
  if (!text || session !== (env.HALLPASS_SESSION || 'default')) return {}
  try {
    const { capture, only, strict } = JSON.parse(text)
    return {
      ...(isList(capture) && { capture }),
      ...(isList(only) && { only }),
      ...(strict === true && { strict }),
    }
  } catch (error) {
    throw new HallpassError('usage', `${scopeVariable} is not what hallpass run wrote`, {
      hint: `unset ${scopeVariable}`,
      cause: error,
    })
  }
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

/** `only a.example, strict`; empty for the whole session. */
export function scopeWords({ capture, only, strict }: RunScope): string {
  return [
    ...(capture ? [`capture ${capture.join(' ')}`] : []),
    ...(only ? [`only ${only.join(' ')}`] : []),
    ...(strict ? ['strict'] : []),
  ].join(', ')
}
