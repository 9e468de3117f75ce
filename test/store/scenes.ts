import { Sessions } from '../../src/sessions/sessions.ts'
import { rotateKey } from '../../src/store/rotate.ts'
import type { RecordId, Store } from '../../src/store/store.ts'
import { ruleSet } from '../support/material.ts'
import type { Opened } from './open-store.ts'

/** Something that changes the disk, to be stopped at each of its steps. */
export interface Scene {
  readonly prepare?: (opened: Opened) => Promise<unknown>
  readonly act: (opened: Opened) => Promise<unknown>
  /** What the record may be when `act` was stopped: first as before, last as after. */
  readonly allowed: readonly unknown[]
}

/** The record that the scenes are about. */
export const record: RecordId = { kind: 'cookies', session: 'work', name: 'example.com' }

/** The sessions of a store, when every session with an end has expired. */
export function expiredSessions(store: Store): Sessions {
  return new Sessions({ store, config: ruleSet(), now: () => Date.UTC(2100, 0) })
}

const old = ({ store }: Opened) => store.update(record, () => 'old')

export const scenes: Readonly<Record<string, Scene>> = {
  'the first write of a record': {
    act: ({ store }) => store.update(record, () => 'new'),
    allowed: [undefined, 'new'],
  },
  'a change of a record': {
    prepare: old,
    act: ({ store }) => store.update(record, () => 'new'),
    allowed: ['old', 'new'],
  },
  'the removal of a record': {
    prepare: old,
    act: ({ store }) => store.update(record, () => undefined),
    allowed: ['old', undefined],
  },
  'a change of the session': {
    prepare: old,
    act: ({ store }) => store.updateSession('work', (session) => ({ ...session, lastUsedAt: 'x' })),
    allowed: ['old'],
  },
  'the removal of the session': {
    prepare: old,
    act: ({ store }) => store.removeSession('work'),
    allowed: ['old', undefined],
  },
  'a change of protector': {
    prepare: old,
    act: ({ keys }) => keys.protect({ kind: 'file' }),
    allowed: ['old'],
  },
  'a rotation of the key': {
    prepare: old,
    act: ({ home, keys }) => rotateKey(home, keys),
    allowed: ['old'],
  },
}
