import { createHash } from 'node:crypto'
import { environmentValues } from './environment.ts'

/**
 * What the configuration file and the environment say, by digest. Two processes compare what they read without the parser and the
 * schema, which take longer to load than `run` takes to start.
 */
export interface Said {
  /** The path of the file. */
  readonly file: string
  /** Of its text; null when there is no such file. */
  readonly text: string | null
  /** `HALLPASS_CAPTURE` → digest of its value. */
  readonly environment: Readonly<Record<string, string>>
}

/** They say where the proxy listens, which decides nothing about a request. */
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
