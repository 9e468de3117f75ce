import { HallpassError } from '../../../errors.ts'
import type { NewProtection } from '../../../store/keyring.ts'
import type { Context, Run } from '../../command.ts'
import { openKeys } from '../../open-keys.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const { home, keys } = await openKeys(context)
  await keys.protect(await protectionOf(context, input.args[0]))
  if (output.json) output.document('key-protect/1', { file: home.keyFile, protector: keys.protector })
  output.say(`${home.keyFile} is protected by: ${keys.protector}`)
  if (keys.protector === 'file') output.hint('hallpass key status')
}

async function protectionOf(context: Context, means: string | undefined): Promise<NewProtection> {
  if (means === 'file' || means === 'keyring') return { kind: means }
  const passphrase = await context.secret('the new passphrase')
  if (process.stdin.isTTY) {
    // A typing error here would lock everything away for good.
    const again = await context.secret('the same once more')
    if (!again.equals(passphrase.reveal())) throw new HallpassError('usage', 'the two passphrases differ')
  }
  return { kind: 'passphrase', passphrase }
}
