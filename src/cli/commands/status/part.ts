/** One part of the installation: its state and, if it is broken, a command that mends it. */
export interface Part {
  readonly name: string
  readonly fact: string
  readonly remedy?: string
  /** The session that it is about. Its commands then work on that session. */
  readonly session?: string
}
