import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { addAbortSignal } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Home } from '../../store/home.ts'
import { Bidi } from './bidi.ts'
import { packetsOf, sendPacket } from './packets.ts'

/*
 * Firefox's WebDriver BiDi listens on a TCP port of loopback and asks for no password. Every user of the machine can connect, and
 * the first who does drives the browser: reads its cookies and, by file:// pages, the files of its user. So we never open that
 * port. Firefox's debugger can listen on a Unix socket instead; ours lies in a folder that no other user can enter. Through the
 * debugger we start a BiDi session inside Firefox, which talks to a second Unix socket in the same folder.
 */

/** A cold start on a slow disk takes some ten seconds. */
const startsWithinMs = 60_000

const retryMs = 20

/** BiDi has no command to set preferences, so this is ours. Its parameters are numbers by name. */
export const setPreferences = 'hallpass.setPreferences'

/** The way to drive one Firefox, for its user alone. */
export class FirefoxChannel implements Disposable {
  /** For Firefox's command line. */
  readonly args: readonly string[]
  readonly #folder: string
  readonly #debugger: string
  readonly #bidi: string

  constructor(home: Home) {
    // Beside the admin socket: closed to others, and its path leaves room for these names in an address of a socket.
    this.#folder = mkdtempSync(join(dirname(home.adminSocket), 'w-'))
    this.#debugger = join(this.#folder, 'rdp')
    this.#bidi = join(this.#folder, 'bidi')
    this.args = ['--start-debugger-server', this.#debugger]
  }

  /** Starts a session in a Firefox that runs with these arguments. */
  async open(child: ChildProcess): Promise<Bidi> {
    const ended = new AbortController()
    child.once('error', (error) => ended.abort(error))
    child.once('exit', () => ended.abort(new Error('it ended at once')))
    const late = AbortSignal.timeout(startsWithinMs)
    const signal = AbortSignal.any([ended.signal, late])
    const server = createServer().listen(this.#bidi)
    try {
      const debug = await this.#connect(signal)
      const [[socket]] = await Promise.all([
        once(server, 'connection', { signal }) as Promise<[Socket]>,
        evaluate(debug, sessionScript(this.#bidi), signal),
      ])
      return new Bidi(socket)
    } catch (error) {
      if (ended.signal.aborted) throw ended.signal.reason
      throw late.aborted ? new Error('its debugger does not answer') : error
    } finally {
      server.close()
    }
  }

  /** The names of the sockets go; the session that is open stays. */
  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #connect(signal: AbortSignal): Promise<Socket> {
    for (;;) {
      const socket = connect(this.#debugger)
      try {
        await once(socket, 'connect', { signal })
        return socket
      } catch {
        socket.destroy()
        signal.throwIfAborted()
        await sleep(retryMs)
      }
    }
  }
}

/** Runs a script in the main process of a Firefox, with all its rights. */
async function evaluate(socket: Socket, script: string, signal: AbortSignal): Promise<void> {
  addAbortSignal(signal, socket)
  const packets = packetsOf(socket)
  /** Between the answers the debugger sends events, which have no such member. */
  const answerWith = async (member: string): Promise<unknown> => {
    for (;;) {
      const { value: packet } = await packets.next()
      if (packet === undefined) throw new Error('its debugger has ended')
      if ('error' in packet) throw new Error(`${packet.error}: ${packet.message}`)
      if (member in packet) return packet[member]
    }
  }
  try {
    await answerWith('applicationType')
    sendPacket(socket, { to: 'root', type: 'getProcess', id: 0 })
    const { actor } = (await answerWith('processDescriptor')) as { readonly actor: string }
    sendPacket(socket, { to: actor, type: 'getTarget' })
    const { consoleActor } = (await answerWith('process')) as { readonly consoleActor: string }
    sendPacket(socket, { to: consoleActor, type: 'evaluateJSAsync', text: script })
    const result = await answerWith('result')
    if (result !== 'started') throw new Error(`it does not start a session: ${result}`)
  } finally {
    socket.destroy()
  }
}

/**
 * What Firefox does for a BiDi client on its port: the same preferences, pages see that they are driven, and each command goes to
 * the session. Nothing answers dialogs: they are for the user.
 */
function sessionScript(path: string): string {
  return `(() => {
  try {
    const load = (url) => ChromeUtils.importESModule(url)
    const { RecommendedPreferences } = load('chrome://remote/content/shared/RecommendedPreferences.sys.mjs')
    const { RemoteAgent } = load('chrome://remote/content/components/RemoteAgent.sys.mjs')
    const { WebDriverSession } = load('chrome://remote/content/shared/webdriver/Session.sys.mjs')
    const { require } = load('resource://devtools/shared/loader/Loader.sys.mjs')
    const { DebuggerTransport } = require('resource://devtools/shared/transport/transport.js')
    RecommendedPreferences.applyPreferences()
    RemoteAgent.updateWebdriverActiveFlag(true)
    const file = Cc['@mozilla.org/file/local;1'].createInstance(Ci.nsIFile)
    file.initWithPath(${JSON.stringify(path)})
    const socket = Cc['@mozilla.org/network/socket-transport-service;1']
      .getService(Ci.nsISocketTransportService)
      .createUnixDomainTransport(file)
    const transport = new DebuggerTransport(socket.openInputStream(0, 0, 0), socket.openOutputStream(0, 0, 0))
    const connection = {
      registerSession() {},
      sendEvent: (method, params) => transport.send({ type: 'event', method, params }),
      close() {},
    }
    const session = new WebDriverSession({}, new Set(['bidi']), connection)
    const setPreferences = (numbers) => {
      for (const [name, number] of Object.entries(numbers)) Services.prefs.setIntPref(name, number)
    }
    transport.hooks = {
      async onPacket({ id, method, params }) {
        try {
          const result = method === '${setPreferences}' ? setPreferences(params) : await session.execute(...method.split('.'), params)
          transport.send({ type: 'success', id, result: result ?? {} })
          if (method === 'browser.close') Services.startup.quit(Ci.nsIAppStartup.eForceQuit)
        } catch (error) {
          transport.send({ type: 'error', id, error: error.status ?? error.name, message: error.message })
        }
      },
      onTransportClosed() {},
    }
    // Before its first window is complete, Firefox has no page to drive.
    const whenStarted = 'browser-delayed-startup-finished'
    const listen = () => {
      Services.obs.removeObserver(listen, whenStarted)
      transport.ready()
    }
    Services.obs.addObserver(listen, whenStarted)
    if (Services.wm.getMostRecentWindow('navigator:browser')?.gBrowserInit.delayedStartupFinished) listen()
    return 'started'
  } catch (error) {
    return String(error)
  }
})()`
}
