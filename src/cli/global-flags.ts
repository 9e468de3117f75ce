/** The values of the options that every command has (see `globalOptions`). */
export interface GlobalFlags {
  readonly session: string
  /** By `--session`, or by HALLPASS_SESSION if that is not the default. The shell that types a hint has HALLPASS_SESSION too. */
  readonly sessionNamed: boolean
  readonly home?: string
  readonly config?: string
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  /** False with `--no-input`: then no command may ask. */
  readonly input: boolean
}
