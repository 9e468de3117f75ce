import { HallpassError } from '../../../errors.ts'
import type { Secret } from '../../../secret.ts'
import { keyStatus } from '../../../store/key-status.ts'
import type { NewProtection } from '../../../store/keyring.ts'
import type { Context, Run } from '../../command.ts'
import { newPassphrase, readPassphraseFile } from '../../new-passphrase.ts'
import { openKeys } from '../../open-keys.ts'
import { holdsOf, protectorText, unlocking } from './protection.ts'

export const run: Run = async (context, input) => {
  const { output, env } = context
  const means = input.args[0]
  const file = input.text('passphraseFile')
  if (file !== undefined && means !== 'passphrase') {
    throw new HallpassError('usage', `--passphrase-file does not go with ${means}`, {
      hint: `hallpass key protect passphrase --passphrase-file ${file}`,
    })
  }
  // Before anything is made or asked: a wrong path is found at once.
  const fromFile = file === undefined ? undefined : readPassphraseFile(file)
  const { home, keys } = await openKeys(context)
  const before = keys.protector
  await keys.protect(await protectionOf(means, fromFile, context))
  const status = keyStatus(home, env)
  if (status === undefined) throw new HallpassError('key-missing', `${home.keyFile} is gone`)
  const { against, notAgainst } = holdsOf(status, home)
  if (output.json) {
    output.document('key-protect/1', {
      file: status.file,
      protector: status.protector,
      before: keys.created ? null : before,
      holds_against: against,
      not_against: notAgainst,
    })
  }
  output.say(`${status.file} is protected by: ${protectorText[status.protector]}`)
  for (const whom of against) output.say(`holds against ${whom}`)
  for (const whom of notAgainst) output.say(`not against ${whom}`)
  if (status.protector === 'passphrase') {
    output.say(`${unlocking}; without it what is sealed is lost`)
    output.say('a running proxy goes on with the present key; start it anew before the key is rotated')
  }
  if (!keys.created && status.protector !== 'file') {
    output.say('a copy of the key file from before still opens everything, until the key itself is another:')
    output.hint('hallpass key rotate')
  }
}

async function protectionOf(
  means: string | undefined,
  fromFile: Secret | undefined,
  context: Context,
): Promise<NewProtection> {
  if (means === 'file' || means === 'keyring') return { kind: means }
  if (fromFile !== undefined) return { kind: 'passphrase', passphrase: fromFile }
  return { kind: 'passphrase', passphrase: await newPassphrase(context, 'new passphrase') }
}
