import { HallpassError } from '../../../errors.ts'
import { quotedWord } from '../../../quoted-word.ts'
import type { Secret } from '../../../secret.ts'
import { keyStatus } from '../../../store/key-status.ts'
import type { NewProtection } from '../../../store/keyring.ts'
import type { Context, Run } from '../../command.ts'
import { newPassphrase, readPassphraseFile, typeable } from '../../new-passphrase.ts'
import { openKeys } from '../../open-keys.ts'
import { holdsOf, protectorText, unlocking } from './protection.ts'

export const run: Run = async (context, input) => {
  const { output, env } = context
  const means = input.args[0]
  const file = input.text('passphraseFile')
  if (file !== undefined && means !== 'passphrase') {
    throw new HallpassError('usage', `--passphrase-file does not go with ${means}`, {
      hint: `hallpass key protect passphrase --passphrase-file ${quotedWord(file)}`,
    })
  }
  // Read first, so that a wrong path fails before anything is made or asked.
  const fromFile = file === undefined ? undefined : typeable(readPassphraseFile(file))
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
  for (const whom of against) output.say(`it protects against ${whom}`)
  for (const whom of notAgainst) output.say(`it does not protect against ${whom}`)
  if (status.protector === 'passphrase') {
    output.say(`${unlocking}; without the passphrase all records are lost`)
    output.say('a running proxy keeps the present key: restart it before you rotate the key')
  }
  if (!keys.created && status.protector !== 'file') {
    output.say('an old copy of the key file still opens every record until you rotate the key:')
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
