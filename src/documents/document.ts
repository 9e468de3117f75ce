/** What a command prints with `--json`, and what the admin API answers. Keys are snake_case, times RFC 3339 UTC. */
export interface Document {
  readonly schema: `hallpass.${string}/${number}`
  readonly [field: string]: unknown
}

/** Spells the commands in a text, which are written `hallpass …` in the code, as the reader must type them. */
export type Spell = (text: string) => string
