import { HallpassError } from '../../../errors.ts'
import { homePaths, resolveHome } from '../../../store/home.ts'
import { keyStatus } from '../../../store/key-status.ts'
import type { Run } from '../../command.ts'

export const run: Run = async ({ env, output }) => {
  const home = homePaths(resolveHome(env), env)
  const status = keyStatus(home, env)
  if (status === undefined) {
    throw new HallpassError('key-missing', `there is no key: ${home.keyFile} does not exist`, {
      hint: 'hallpass start',
    })
  }
  const { file, variable, protector, current, keys } = status
  if (output.json) {
    output.document('key/1', {
      file,
      variable: variable ?? null,
      protector,
      current,
      keys: keys.map(({ kid, createdAt }) => ({ kid, created_at: createdAt === '' ? null : createdAt })),
    })
    return
  }
  output.table([
    ['file', variable === undefined ? file : `${file} (${variable})`],
    ['protector', `${protector}: ${meaning[protector]}`],
    ['current', current],
    ...keys.map(({ kid, createdAt }) => ['key', createdAt === '' ? kid : `${kid}, made ${createdAt}`]),
  ])
  if (protector === 'file' && variable === undefined) output.hint('hallpass key protect keyring')
}

/** Against whom it holds: said aloud, because a key file beside the records looks like more than it is. */
const meaning = {
  file: 'holds against other users, not against someone who gets the whole folder',
  keyring: 'the folder alone opens nothing; the keyring of this user is needed',
  passphrase: 'the folder alone opens nothing; the passphrase is needed',
} as const
