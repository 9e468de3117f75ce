import { delimiter } from 'node:path'
import type { Key } from './schema.ts'

/** Turns a text from the environment or a flag into input for the schema. Rules and credentials have no such form. */
const forms: Partial<Record<Key, (text: string) => unknown>> = {
  listen: (text) => text,
  listenBeyondLoopback: truth,
  intercept: (text) => (text === 'known' || text === 'all' ? text : list(text)),
  capture: list,
  reveal: (text) => text,
  upstream: (text) => text,
  upstreamCa: (text) => text.split(delimiter).filter((path) => path !== ''),
  resolve: (text) => Object.fromEntries(list(text).map(assignment)),
  replay: (text) => text,
  maxSessions: (text) => (/^\d+$/.test(text) ? Number(text) : text),
  sessionTtl: (text) => text,
  sessionRenewal: truth,
  sessionSweep: (text) => text,
  warnDays: (text) => (/^\d+$/.test(text) ? Number(text) : text),
}

export interface EnvironmentValue {
  readonly key: Key
  /** HALLPASS_LISTEN */
  readonly name: string
  readonly value: unknown
}

/** `maxSessions` is HALLPASS_MAX_SESSIONS; undefined for keys that only a file can have. */
export function environmentName(key: Key): string | undefined {
  if (forms[key] === undefined) return undefined
  return `HALLPASS_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

/** The values in the environment. An empty variable does not count. */
export function environmentValues(env: NodeJS.ProcessEnv): EnvironmentValue[] {
  return (Object.keys(forms) as Key[]).flatMap((key) => {
    const name = environmentName(key)
    const text = name === undefined ? undefined : env[name]
    if (name === undefined || text === undefined || text === '') return []
    return [{ key, name, value: forms[key]?.(text) }]
  })
}

function truth(text: string): unknown {
  return text === 'true' ? true : text === 'false' ? false : text
}

/** Commas separate lists. The separator of PATH separates files. */
function list(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function assignment(item: string): [string, string] {
  const equals = item.indexOf('=')
  return equals === -1 ? [item, ''] : [item.slice(0, equals).trim(), item.slice(equals + 1).trim()]
}
