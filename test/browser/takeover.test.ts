import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished } from 'vitest'
import { findExecutable } from '../../src/browser/window/find-executable.ts'
import { openFirefox } from '../../src/browser/window/firefox-window.ts'
import { KeptSites } from '../../src/browser/window/kept-sites.ts'
import { openHallpass } from '../../src/index.ts'
import { silentLog } from '../../src/log.ts'
import { needs, testWith } from '../support/installed.ts'
import { httpOrigin } from '../support/origin.ts'
import { temporaryFolder } from './browsers.ts'
import { screen } from './screen.ts'

testWith('firefox-esr')(
  'a window of real Firefox cannot be reached by another user, and its pages see that it is driven',
  async (context) => {
    needs(context, 'sh', '-c', 'command -v Xvfb certutil && setpriv --reuid=65534 --clear-groups true')
    await using site = await httpOrigin((_, response) => {
      response.setHeader('Content-Type', 'text/html')
      response.end(Buffer.from('<script>fetch("/driven/" + navigator.webdriver)</script>'))
    })
    const folder = temporaryFolder('takeover')
    // hallpass itself must keep others out.
    chmodSync(folder, 0o755)
    const env = { PATH: process.env.PATH, HALLPASS_NO_KEYRING: '1' }
    const hallpass = await openHallpass({ home: join(folder, 'state'), env })
    const stranger = otherUser()
    const open = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void open.close())
    await once(open, 'listening')
    const control = String((open.address() as AddressInfo).port)
    stranger.tries(control)
    const watch = setInterval(() => {
      for (const door of doorsBelow(folder)) stranger.tries(door)
    }, 5)
    const window = await openFirefox(hallpass, {
      keep: new KeptSites(['localhost']),
      executable: findExecutable('firefox', process.env),
      env: { ...process.env, DISPLAY: await screen() },
      log: silentLog,
    })
    try {
      await window.visit(`http://localhost:${site.port}/`)
      await expect.poll(() => site.received).toContain('GET /driven/true ')
    } finally {
      clearInterval(watch)
      await window.close()
    }
    const found = await stranger.ends()
    expect(found.get(control)).toBe('connected')
    found.delete(control)
    expect([...found.keys()]).toContainEqual(expect.stringMatching(/^\/.*\/rdp$/))
    expect(new Set(found.values())).toEqual(new Set(['EACCES']))
  },
)

/** A process of another user that connects to ports of loopback and to Unix sockets as soon as it hears of them. */
function otherUser() {
  const script = `
    const { connect } = require('node:net')
    require('node:readline').createInterface({ input: process.stdin }).on('line', (door) => {
      const socket = /^\\d+$/.test(door) ? connect(Number(door), '127.0.0.1') : connect(door)
      const say = (outcome) => { console.log(door + ' ' + outcome); socket.destroy() }
      socket.on('connect', () => say('connected')).on('error', (error) => say(error.code))
    })`
  const args = ['--reuid=65534', '--regid=65534', '--clear-groups', 'node', '-e', script]
  const child: ChildProcess = spawn('setpriv', args, { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' })
  const tried = new Set<string>()
  const outcomes = new Map<string, string>()
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  lines.on('line', (line) => {
    const [door = '', outcome = ''] = line.split(' ')
    outcomes.set(door, outcome)
  })
  return {
    tries(door: string) {
      if (!tried.has(door)) child.stdin?.write(`${door}\n`)
      tried.add(door)
    },
    async ends(): Promise<Map<string, string>> {
      child.stdin?.end()
      await once(child, 'close')
      return outcomes
    },
  }
}

/** The TCP ports and Unix sockets of processes that have a path in this folder on their command line. */
function doorsBelow(folder: string): readonly string[] {
  const inodes = new Set(readdirSync('/proc').flatMap((pid) => (isOn(pid, folder) ? socketsOf(pid) : [])))
  const tcp = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    rowsOf(table).flatMap(([, local = '', , state, , , , , , inode = '']) =>
      state === '0A' && inodes.has(inode) ? [String(Number.parseInt(local.split(':').at(-1) ?? '', 16))] : [],
    ),
  )
  // Flag 00010000: it accepts connections.
  const unix = rowsOf('/proc/net/unix').flatMap(([, , , flags, , , inode = '', path]) =>
    flags === '00010000' && path !== undefined && inodes.has(inode) ? [path] : [],
  )
  return [...tcp, ...unix]
}

function isOn(pid: string, folder: string): boolean {
  return (
    /^\d+$/.test(pid) &&
    quietly(() => readFileSync(join('/proc', pid, 'cmdline'), 'utf8'), '').includes(folder)
  )
}

function socketsOf(pid: string): readonly string[] {
  const descriptors = join('/proc', pid, 'fd')
  return quietly(() => readdirSync(descriptors), []).flatMap((fd) => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(quietly(() => readlinkSync(join(descriptors, fd)), '')) ?? []
    return inode === undefined ? [] : [inode]
  })
}

function rowsOf(table: string): readonly (readonly string[])[] {
  return readFileSync(table, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
}

/** A process may end while it is read. */
function quietly<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}
