/** The parts of a client's request head that a plan can change. */
export interface ClientHead {
  readonly target: string
  readonly fields: readonly { readonly name: string; readonly value: string; readonly lower?: string }[]
}
