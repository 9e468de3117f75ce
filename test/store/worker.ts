/*
 * What a test starts as a process of its own: `node worker.ts <job> <home> …`. Writes a line to stdout for each thing that the store said is done.
 */
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { homePaths, prepareHome } from '../../src/store/home.ts'
import { KeyRing } from '../../src/store/keyring.ts'
import { withLock } from '../../src/store/lock.ts'
import { windowLock } from '../../src/store/record-path.ts'
import { rotateKey } from '../../src/store/rotate.ts'
import { caKeyId, type SealId } from '../../src/store/seal.ts'
import type { Json } from '../../src/store/store.ts'
import { watchFileCalls } from './file-calls.ts'
import { openStore } from './open-store.ts'
import { expiredSessions, record, scenes } from './scenes.ts'

// Not console.log: the line has to be out before a kill.
const say = (line: unknown) =>
  void writeSync(1, `${typeof line === 'string' ? line : JSON.stringify(line)}\n`)

/** A record that counts how often each writer has written. */
const countOne = (name: string) => (value: Json | undefined) => {
  const counts = (value ?? {}) as Readonly<Record<string, number>>
  return { ...counts, [name]: (counts[name] ?? 0) + 1 }
}

/** Kills this process just before one of its calls to the file system. */
function dieBefore(root: string, call: number): void {
  let n = 0
  // Each file counts as young. Otherwise a slow start leaves out calls that compare the content of young files.
  Date.now = () => 0
  const before = () => {
    if (n++ === call) process.kill(process.pid, 'SIGKILL')
  }
  watchFileCalls(root, { before })
}

const jobs: Readonly<Record<string, (root: string, args: readonly string[]) => Promise<void>>> = {
  /** Opens the store, as a first command does. */
  async open(root) {
    const home = homePaths(root)
    prepareHome(home)
    say('ready')
    await new Promise((resolve) => process.stdin.once('data', resolve))
    process.stdin.destroy()
    const { keys } = await openStore(home)
    say({ kid: keys.current, created: keys.created })
  },

  /** Writes `total` times, `atOnce` at a time, and says each count that was saved. */
  async count(root, [name = '', total = '0', atOnce = '1']) {
    const { store } = await openStore(homePaths(root))
    say('ready')
    for (let done = 0; done < Number(total); ) {
      const batch = Array.from({ length: Number(atOnce) }, () => store.update(record, countOne(name)))
      for (const saved of batch) {
        await saved
        say(`${++done}`)
      }
    }
  },

  /** As `count`, one at a time, with a pause between reading and writing in which others could write. */
  async holdAndCount(root, [name = '', total = '0']) {
    const { store } = await openStore(homePaths(root))
    say('ready')
    for (let done = 0; done < Number(total); done++) {
      await store.exclusive(record, async ({ value, save }) => {
        await sleep(2)
        const next = countOne(name)(value)
        await save(next)
      })
    }
  },

  /** Saves a note and holds the record until killed. */
  async hold(root) {
    const { store } = await openStore(homePaths(root))
    await store.exclusive(record, async ({ save }) => {
      await save('noted')
      say('held')
      await sleep(60_000)
    })
  },

  /** Holds what a window holds until killed. */
  async holdWindow(root) {
    await withLock(windowLock(homePaths(root), 'default'), async () => {
      say('held')
      await sleep(60_000)
    })
  },

  /** Rotates the key until killed. */
  async rotate(root) {
    const { home, keys } = await openStore(homePaths(root))
    for (;;) {
      const { left } = await rotateKey(home, keys)
      say(`${left.length}`)
    }
  },

  async die(root, [scene = '', call = '0']) {
    const opened = await openStore(homePaths(root))
    dieBefore(root, Number(call))
    await scenes[scene]?.act(opened)
  },

  /** Removes the expired sessions until one of its calls. */
  async dieSweeping(root, [call = '0']) {
    const { store } = await openStore(homePaths(root))
    dieBefore(root, Number(call))
    await expiredSessions(store).prune()
  },

  async dieOpening(root, [call = '0']) {
    dieBefore(root, Number(call))
    await openStore(homePaths(root))
  },

  /** Everything that makes files, with no umask to help. */
  async everything(root, [secret = '']) {
    process.umask(0)
    const home = homePaths(root)
    prepareHome(home)
    const opened = await openStore(home)
    const { store } = opened
    await store.addSession({ name: 'work', id: 'one', createdAt: '' })
    const ids: SealId[] = [
      caKeyId,
      { kind: 'undo', session: 'work', name: '' },
      { kind: 'cookies', session: 'work', name: 'example.com' },
      { kind: 'storage', session: 'work', name: 'example.com' },
      { kind: 'credential', session: 'work', name: 'api' },
    ]
    for (const id of ids) await store.update(id, () => ({ [secret]: secret }))
    await rotateKey(home, opened.keys)
    for (const id of ids) await store.update(id, () => secret)
    say('done')
  },

  /** With the keyring of the system, as on a desktop. */
  async keyring(root) {
    const home = homePaths(root)
    prepareHome(home)
    const open = () => KeyRing.open(home, { env: process.env, create: true })
    const first = await open()
    say(`made ${first.protector}`)
    const sealed = first.seal(record, Buffer.from('value'))
    say(`opened ${(await open()).open(record, sealed)}`)
    await rotateKey(home, await open())
    await first.reread()
    say(`rotated ${first.current === (await open()).current}`)
    await first.protect({ kind: 'file' })
    say(`turned into ${(await open()).protector}`)
    await first.protect({ kind: 'keyring' })
    say(`turned into ${(await open()).protector}`)
  },

  /** Writes one large record. */
  async large(root) {
    const { store } = await openStore(homePaths(root))
    await store
      .update(record, () => 'x'.repeat(200_000))
      .then(
        () => say('saved'),
        (error) => say(error.code),
      )
  },
}

// The next workers need not compile.
flushCompileCache()
const [job = '', root = '', ...args] = process.argv.slice(2)
await jobs[job]?.(root, args)
