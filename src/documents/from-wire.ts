import { fromWire as utf8FromWire } from '../formats/latin1.ts'

/** Text from the wire (one byte a character) as UTF-8, or unchanged if it is not UTF-8. */
export function fromWire(latin1: string): string {
  return utf8FromWire(latin1) ?? latin1
}
