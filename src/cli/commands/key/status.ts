import { HallpassError } from '../../../errors.ts'
import { type Home, homeOf } from '../../../store/home.ts'
import { keySource } from '../../../store/key-source.ts'
import { type KeyStatus, keyStatus } from '../../../store/key-status.ts'
import type { Run } from '../../command.ts'
import { counted } from '../../counted.ts'
import type { Output } from '../../output.ts'
import { holdsOf, protectorText, unlocking } from './protection.ts'
import { type SealedBy, sealedBy } from './sealed-by.ts'

/** For a missing or damaged key: shows whether the key of a backup opens the records. */
const tryBackup = 'HALLPASS_KEY_FILE=BACKUP hallpass key status'

export const run: Run = async ({ env, output }) => {
  const home = homeOf(env)
  const sealed = sealedBy(home)
  const status = readStatus(home, env)
  if (status === undefined) throw missing(home, env, sealed)
  if (output.json) output.document('key/1', documentOf(status, sealed, home))
  else tell(output, status, sealed, home)
  warnOfLost(output, status, sealed)
  if (status.protector === 'file' && status.variable === undefined)
    output.hint('hallpass key protect passphrase')
}

function readStatus(home: Home, env: NodeJS.ProcessEnv): KeyStatus | undefined {
  try {
    return keyStatus(home, env)
  } catch (error) {
    if (!(error instanceof HallpassError) || error.code !== 'key-invalid') throw error
    // The error of the key file has this command as its hint.
    throw new HallpassError('key-invalid', error.message, { hint: tryBackup, cause: error })
  }
}

function missing(home: Home, env: NodeJS.ProcessEnv, { total, files }: SealedBy): HallpassError {
  const { file, variable } = keySource(home, env)
  const where = variable === undefined ? file : `${file} (${variable})`
  if (total === 0) {
    return new HallpassError('key-missing', `there is no key yet: ${where} does not exist`, {
      hint: 'hallpass start',
    })
  }
  const kids = [...files.keys()].join(', ')
  return new HallpassError(
    'key-missing',
    `the key ${where} is missing, and ${counted(total, 'record')} cannot be opened without it (key ${kids}): restore it from a backup`,
    { hint: tryBackup },
  )
}

function tell(output: Output, status: KeyStatus, sealed: SealedBy, home: Home): void {
  const { file, variable, protector, current } = status
  const { against, notAgainst } = holdsOf(status, home)
  const keys = [...status.keys].sort((a, b) => Number(b.kid === current) - Number(a.kid === current))
  output.table([
    ['protector', protectorText[protector]],
    ['key file', variable === undefined ? file : `${file} (${variable})`],
    ...keys.flatMap(({ kid, createdAt }): string[][] => {
      const files = sealed.files.get(kid) ?? []
      const made = createdAt === '' ? '' : `, made ${createdAt}`
      const row = [
        kid === current ? 'current key' : 'old key',
        `${kid}${made}, seals ${counted(files.length, 'record')}`,
      ]
      // Only for old keys: the user wants to know which records still need them.
      return kid === current ? [row] : [row, ...files.map((path) => ['', path])]
    }),
    ...(protector === 'passphrase' ? [['opens by', unlocking]] : []),
    ...against.map((whom, index) => [index === 0 ? 'holds against' : '', whom]),
    ...notAgainst.map((whom, index) => [index === 0 ? 'not against' : '', whom]),
  ])
}

function documentOf(status: KeyStatus, sealed: SealedBy, home: Home) {
  const { file, variable, protector, current, keys } = status
  const { against, notAgainst } = holdsOf(status, home)
  return {
    file,
    variable: variable ?? null,
    protector,
    current,
    keys: keys.map(({ kid, createdAt }) => {
      const files = sealed.files.get(kid) ?? []
      return {
        kid,
        created_at: createdAt === '' ? null : createdAt,
        current: kid === current,
        records: files.length,
        files,
      }
    }),
    foreign: foreign(status, sealed).map(([kid, files]) => ({ kid, records: files.length, files })),
    unreadable: sealed.unreadable,
    holds_against: against,
    not_against: notAgainst,
  }
}

function warnOfLost(output: Output, status: KeyStatus, sealed: SealedBy): void {
  const lost = foreign(status, sealed)
  for (const [kid, files] of lost) {
    const [first] = files
    output.warn(
      `${counted(files.length, 'record')} sealed with the key ${kid}, which ${status.file} does not list (${first}${files.length > 1 ? ', …' : ''})`,
    )
  }
  if (lost.length > 0) output.hint(tryBackup)
  for (const file of sealed.unreadable)
    output.warn(`${file} is damaged, open to others, or from a newer hallpass`)
  if (sealed.unreadable.length > 0) output.hint('hallpass doctor')
}

function foreign({ keys }: KeyStatus, { files }: SealedBy) {
  return [...files].filter(([kid]) => !keys.some((key) => key.kid === kid))
}
