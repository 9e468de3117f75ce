import { createHash } from 'node:crypto'
import { environmentValues } from './environment.ts'

/**
 * Digests of the configuration file and of the environment. Two processes compare them without loading the parser and the schema, which
 * takes longer than `run` takes to start.
 */
export interface Said {
  /** The path of the file. */
  readonly file: string
  /** The digest of its text; null without the file. */
  readonly text: string | null
  /** `HALLPASS_CAPTURE` → digest of its value. */
  readonly environment: Readonly<Record<string, string>>
}

/** The place where the proxy listens decides nothing about a request. */
const ofListening: readonly string[] = ['listen', 'listenBeyondLoopback']

export function saidBy(file: string, text: string | undefined, env: NodeJS.ProcessEnv): Said {
  const values = environmentValues(env).filter(({ key }) => !ofListening.includes(key))
  return {
    file,
    text: text === undefined ? null : digest(text),
    environment: Object.fromEntries(values.map(({ name, value }) => [name, digest(JSON.stringify(value))])),
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
