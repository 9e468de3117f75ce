import { argon2Sync } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { oauth2 } from '../../src/credentials/oauth2.ts'
import { Secret } from '../../src/secret.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import { FileStore } from '../../src/store/file.ts'
import { dataKey } from '../../src/store/key-file.ts'
import { KeyRing } from '../../src/store/keyring.ts'
import { recordLock, recordPath } from '../../src/store/record-path.ts'
import { associatedData, encrypt, formatEnvelope, type SealId } from '../../src/store/seal.ts'
import { temporaryHome } from '../support/temporary-home.ts'
import { testEnv } from './open-store.ts'
import { scratchFolder, scratchStore } from './scratch.ts'

interface Vector {
  readonly key: string
  readonly kid: string
  readonly nonce: string
  readonly associated: string
  readonly plaintext: string
  readonly file: string
}

const document = readFileSync(new URL('../../docs/format.md', import.meta.url), 'utf8')
const blocks = (language: string) =>
  [...document.matchAll(/^```json (\S+)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , text = '']) => text)
const vectors = blocks('vector').map((text) => JSON.parse(text) as Vector)
const keyFiles = blocks('key-file')

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
}

/** All names in a schema, at any depth. */
function namesIn(schema: unknown): readonly string[] {
  const { properties = {} } = schema as Schema
  return Object.entries(properties).flatMap(([name, part]) => [name, ...namesIn(part)])
}

function idOf({ associated }: Vector): SealId {
  const [, , kind, session, name] = JSON.parse(associated)
  return { kind, session, name }
}

describe('docs/format.md', () => {
  it('has a vector for a site, a credential, an undo record, the authority and tokens that are refreshed', () => {
    const found = vectors.map((vector) => idOf(vector).kind)
    expect(found).toEqual(['cookies', 'credential', 'undo', 'ca', 'credential'])
    expect(keyFiles).toHaveLength(2)
  })

  it.each(vectors)(
    'says what sealing gives: $associated',
    ({ key, kid, nonce, associated, plaintext, file, ...rest }) => {
      expect(rest).toEqual({})
      const known = dataKey(Buffer.from(key, 'hex'), '')
      expect(known.kid).toBe(kid)
      expect(associatedData(idOf({ associated } as Vector))).toBe(associated)
      const sealed = encrypt(known.key, Buffer.from(nonce, 'hex'), associated, Buffer.from(plaintext))
      expect(formatEnvelope({ kid, ...sealed })).toBe(file)
    },
  )

  it.each(keyFiles)('has key files that open its vectors', async (text) => {
    const home = temporaryHome()
    writeFileSync(home.keyFile, text, { mode: 0o600 })
    const passphrase = async () => new Secret('correct horse battery staple')
    const keys = await KeyRing.open(home, { env: testEnv, create: false, passphrase })
    for (const vector of vectors) {
      const id = idOf(vector)
      const path = recordPath(home, id)
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      writeFileSync(path, vector.file, { mode: 0o600 })
      expect(keys.open(id, vector.file, path).toString()).toBe(vector.plaintext)
      if (id.kind === 'ca') continue
      const { version, value } = JSON.parse(vector.plaintext)
      expect(await new FileStore(home, keys).read(id)).toEqual({ version, value })
    }
  })

  it('has the key that Argon2id makes of the passphrase', () => {
    const { protector } = JSON.parse(keyFiles[1] ?? '')
    const derived = argon2Sync('argon2id', {
      message: 'correct horse battery staple',
      nonce: Buffer.from(protector.salt, 'base64'),
      memory: protector.memoryKiB,
      passes: protector.passes,
      parallelism: protector.lanes,
      tagLength: 32,
    })
    expect(document).toContain(`\`${derived.toString('hex')}\``)
  })

  it('has a vector of an oauth2 credential that the session reads', async () => {
    const { value } = JSON.parse(vectors[4]?.plaintext ?? '')
    const { home, store } = await scratchStore()
    await store.update({ kind: 'credential', session: 'work', name: 'work' }, () => value)
    const sessions = new Sessions({
      store,
      config: { rules: [], intercept: 'known', capture: [], reveal: 'script' },
    })
    const { tokens, last } = value.secret
    expect(existsSync(join(home.root, 'sessions/work/credentials/work.json.enc'))).toBe(true)
    expect(await (await sessions.get('work')).credentials.get('work')).toMatchObject({
      kind: 'oauth2',
      hosts: value.hosts,
      problem: undefined,
      // The fate of its refresh token is unknown, so it is not sent before the access token has run out.
      freshness: {
        expiresAt: tokens.expiresAt,
        dueAt: tokens.expiresAt,
        refreshable: true,
        last,
        refreshes: 1,
      },
    })
  })

  it.each(namesIn(z.toJSONSchema(oauth2.secret?.schema(z) ?? z.never())))(
    'names %s of the value of an oauth2',
    (name) => expect(document).toContain(`\`${name}\``),
  )

  it('says where everything lies', async () => {
    const { home, store } = await scratchStore()
    const ids: SealId[] = [
      { kind: 'undo', session: 'work', name: '' },
      { kind: 'cookies', session: 'work', name: 'example.com' },
      { kind: 'storage', session: 'work', name: 'example.com' },
      { kind: 'health', session: 'work', name: 'example.com' },
      { kind: 'credential', session: 'work', name: 'api' },
      { kind: 'ca', session: '', name: 'ca.key' },
    ]
    for (const id of ids) await store.update(id, () => 1)
    const listed = [...document.matchAll(/^(\S+\.(?:key|enc|json)) {2}.*sealed/gm)].map(([, path = '']) =>
      path.replace('<session>', 'work').replace('<site>', 'example.com').replace('<name>', 'api'),
    )
    expect(listed).toHaveLength(ids.length + 1) // and session.json
    for (const path of listed) expect(existsSync(join(home.root, path)), path).toBe(true)
    for (const id of ids) expect(existsSync(recordLock(home, id))).toBe(true)
  })

  it.each([
    ['32 bytes', (key: Buffer) => key],
    ['64 hexadecimal digits', (key: Buffer) => `${key.toString('hex')}\n`],
    ['Base64', (key: Buffer) => key.toString('base64')],
  ])('lets a key from elsewhere be %s', async (_, spell) => {
    const [vector] = vectors
    if (vector === undefined) throw new Error('no vector')
    const file = join(scratchFolder(), 'key')
    writeFileSync(file, spell(Buffer.from(vector.key, 'hex')), { mode: 0o600 })
    const keys = await KeyRing.open(temporaryHome(), {
      env: { ...testEnv, HALLPASS_KEY_FILE: file },
      create: false,
    })
    expect(keys.protector).toBe('external')
    expect(keys.open(idOf(vector), vector.file).toString()).toBe(vector.plaintext)
  })
})
