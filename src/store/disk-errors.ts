import { HallpassError } from '../errors.ts'
import { errnoOf } from './own-files.ts'

/** Turns a failed system call (a full or failing disk) before the change into `not-saved`. Other errors stay as they are. */
export function notSaved(file: string, error: unknown): unknown {
  const errno = errnoOf(error)
  if (errno === undefined) return error
  return new HallpassError(
    'not-saved',
    `${file} could not be written (${errno}); the old content is intact`,
    {
      cause: error,
    },
  )
}

/** As `notSaved`, when the change is there already. `known` says which part is done, and which is not. */
export function notFinished(known: string, error: unknown): unknown {
  const errno = errnoOf(error)
  return errno === undefined ? error : new HallpassError('not-saved', `${known} (${errno})`, { cause: error })
}

/** As `notSaved`, for reading. */
export function notRead(file: string, error: unknown): unknown {
  const errno = errnoOf(error)
  if (errno === undefined) return error
  return new HallpassError('failed', `${file} could not be read (${errno})`, { cause: error })
}
