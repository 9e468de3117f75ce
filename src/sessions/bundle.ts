import { randomBytes } from 'node:crypto'
import { parseRecord } from '../cookies/record.ts'
import { HallpassError } from '../errors.ts'
import type { GivenCookie, GivenOrigin, Skipped } from '../formats/format.ts'
import { withoutTimes } from '../formats/given-cookie.ts'
import { isDatabase } from '../formats/indexed-db.ts'
import { formatInvalid, maxSourceBytes } from '../formats/source.ts'
import { isObject, parseJsonObject } from '../json.ts'
import type { Secret } from '../secret.ts'
import { isName } from '../store/names.ts'
import { argon2id, type Derivation, passphraseKey, saltBytes } from '../store/passphrase-key.ts'
import { decrypt, encrypt, nonceBytes } from '../store/seal.ts'
import type { Json, Store } from '../store/store.ts'
import { admitBundled } from './bundled-credential.ts'
import type { Importable } from './import-contents.ts'
import { type OriginStorage, parseStorageRecord } from './origin-storage.ts'
import type { Session } from './session.ts'

/** A whole session: what a bundle carries to another machine. */
export interface SessionContents {
  readonly cookies: readonly GivenCookie[]
  readonly origins: readonly GivenOrigin[]
  /** As they are sealed in the store. */
  readonly credentials: readonly { readonly name: string; readonly record: Json }[]
}

const version = 1

/** Attack: a bundle that asks for all the memory, or for a week of work, before it is known to be one. */
const most = { memoryKiB: 1024 * 1024, passes: 16, lanes: 16 }

/** Everything a session holds. */
export async function contentsOf(session: Session, store: Store): Promise<SessionContents> {
  const names = await store.names(session.name, 'credential')
  const credentials = await Promise.all(
    names.map(async (name) => {
      const record = await store.read({ kind: 'credential', session: session.name, name })
      return record === undefined ? [] : [{ name, record: record.value }]
    }),
  )
  return {
    cookies: (await session.cookies.list()).map(withoutTimes),
    origins: await session.storage.list(),
    credentials: credentials.flat(),
  }
}

/** One line of JSON, encrypted under a passphrase. docs/formats.md specifies it. */
export async function sealBundle(contents: SessionContents, passphrase: Secret): Promise<string> {
  if (passphrase.reveal() === '') throw new HallpassError('usage', 'an empty passphrase protects nothing')
  const derivation = { salt: randomBytes(saltBytes).toString('base64'), ...argon2id }
  const key = await passphraseKey(passphrase, derivation)
  const plaintext = Buffer.from(JSON.stringify(contents))
  const sealed = encrypt(key, randomBytes(nonceBytes), associatedWith(derivation), plaintext)
  const text = `${JSON.stringify({ 'hallpass-bundle': version, ...derivation, ...sealed })}\n`
  if (text.length > maxSourceBytes) {
    throw new HallpassError('failed', 'the bundle would be too large to be read again; export single sites')
  }
  return text
}

/** Whether a text is a bundle, of whatever version. */
export function isBundle(text: string): boolean {
  return /^\s*\{\s*"hallpass-bundle"\s*:/.test(text)
}

/** @throws HallpassError `bundle-locked` for a wrong passphrase or an altered bundle, `format-invalid` for what is no bundle */
export async function openBundle(text: string, passphrase: () => Promise<Secret>): Promise<Importable> {
  const outer = parseJsonObject(text)
  const made = outer?.['hallpass-bundle']
  if (typeof made === 'number' && made > version) {
    throw formatInvalid(`it was made by a newer hallpass (bundle ${made})`)
  }
  if (outer === undefined || made !== version) throw formatInvalid('it is no whole bundle')
  const { nonce, data } = outer
  const derivation = derivationOf(outer)
  if (typeof nonce !== 'string' || typeof data !== 'string' || derivation === undefined) {
    throw formatInvalid('it is no bundle that this hallpass could have made')
  }
  const key = await passphraseKey(await passphrase(), derivation)
  const plaintext = decrypt(key, { nonce, data }, associatedWith(derivation))
  if (plaintext === undefined) {
    throw new HallpassError(
      'bundle-locked',
      'the passphrase does not open the bundle, or the bundle was altered',
    )
  }
  return importable(parseJsonObject(plaintext.toString('utf8')))
}

/** The author knew the passphrase and can still be hostile, or have used other tools than ours: read as strictly as a record. */
async function importable(contents: Record<string, unknown> | undefined): Promise<Importable> {
  const { cookies, origins, credentials } = contents ?? {}
  if (!Array.isArray(cookies) || !Array.isArray(origins) || !Array.isArray(credentials)) {
    throw formatInvalid('there is no session in the bundle')
  }
  const timed = cookies.map((cookie) => ({ ...cookie, createdAt: 0, updatedAt: 0 }))
  const stored = origins.map((origin) => ({ ...origin, capturedAt: 0 }))
  const { z } = await import('zod')
  const skipped: Skipped[] = []
  const admitted = credentials.flatMap((value: unknown, index) => {
    const { name, record } = isObject(value) ? value : {}
    const isNamed = typeof name === 'string' && isName('credential', name)
    const admission = isNamed ? admitBundled(z, name, record) : { kind: 'damaged' as const }
    if (!isNamed || admission.kind === 'damaged')
      throw formatInvalid(`credentials[${index}]: not a credential`)
    if (admission.kind === 'stays out') {
      skipped.push({ where: name, reason: admission.reason, what: 'credential' })
      return []
    }
    for (const option of admission.dropped) {
      const reason = 'the credential comes without this option'
      skipped.push({ where: `${name}.${option}`, reason, what: 'credential' })
    }
    return [admission.credential]
  })
  return {
    cookies: readAs('cookies', () => parseRecord({ cookies: timed, covers: [] }).cookies).map(
      (cookie, index) => {
        return { where: `cookies[${index}]`, cookie: withoutTimes(cookie) }
      },
    ),
    origins: readAs('origins', () => parseStorageRecord({ origins: stored } as never)).map(
      (storage, index) => {
        if (!storage.indexedDB.every(([name, text]) => isDatabase(name, text))) {
          throw formatInvalid(`origins[${index}]: not databases of IndexedDB`)
        }
        return { where: `origins[${index}]`, storage: withoutTime(storage) }
      },
    ),
    credentials: admitted,
    skipped,
  }
}

function readAs<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw formatInvalid(`${what} of the bundle: ${error instanceof Error ? error.message : 'damaged'}`)
  }
}

function withoutTime({ capturedAt: _, ...storage }: OriginStorage): GivenOrigin {
  return storage
}

function derivationOf(outer: Readonly<Record<string, unknown>>): Derivation | undefined {
  const { salt } = outer
  const within = (name: keyof typeof most) => {
    const value = outer[name]
    return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most[name]
      ? value
      : 0
  }
  const [memoryKiB, passes, lanes] = [within('memoryKiB'), within('passes'), within('lanes')]
  const usable = typeof salt === 'string' && Buffer.from(salt, 'base64').length >= saltBytes
  return usable && passes > 0 && lanes > 0 && memoryKiB >= 8 * lanes
    ? { salt, memoryKiB, passes, lanes }
    : undefined
}

/** The parameters are bound in: weaker ones cannot be put in their place. */
function associatedWith({ salt, memoryKiB, passes, lanes }: Derivation): string {
  return JSON.stringify(['hallpass-bundle', version, salt, memoryKiB, passes, lanes])
}
