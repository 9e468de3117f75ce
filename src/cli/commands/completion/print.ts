import { HallpassError } from '../../../errors.ts'
import type { Run } from '../../command.ts'
import { bash } from './bash.ts'
import { fish } from './fish.ts'
import { pwsh } from './pwsh.ts'
import { childTakers, places } from './words.ts'
import { zsh } from './zsh.ts'

const shells: Readonly<Record<string, typeof bash>> = { bash, zsh, fish, pwsh }

export const run: Run = async ({ output, commands }, input) => {
  const name = input.args[0] ?? ''
  const script = shells[name]
  // The parser has checked the choices; this narrows the type.
  if (script === undefined) throw new HallpassError('usage', `no completion for ${name}`)
  output.value(script(places(commands), childTakers(commands)))
}
