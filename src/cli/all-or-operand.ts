import { HallpassError } from '../errors.ts'
import type { Input } from './command.ts'

/** The operand of a command that removes, or undefined with `--all`. Throws `usage` for both or neither. */
export function allOrOperand(input: Input, command: string, operand: string): string | undefined {
  const [given] = input.args
  const all = input.has('all')
  if (all !== (given !== undefined)) return given
  const message = all ? `--all does not go with a ${operand}` : `name a ${operand}, or say --all`
  throw new HallpassError('usage', message, { hint: `hallpass ${command} --help` })
}
