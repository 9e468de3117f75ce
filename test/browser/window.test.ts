import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished } from 'vitest'
import { openChromium } from '../../src/browser/window/chromium-window.ts'
import { findExecutable } from '../../src/browser/window/find-executable.ts'
import { openFirefox } from '../../src/browser/window/firefox-window.ts'
import { KeptSites } from '../../src/browser/window/kept-sites.ts'
import { type Hallpass, openHallpass } from '../../src/index.ts'
import { silentLog } from '../../src/log.ts'
import { needs, testWith } from '../support/installed.ts'
import { httpOrigin } from '../support/origin.ts'
import { temporaryFolder } from './browsers.ts'
import { screen } from './screen.ts'

const each = [
  { name: 'chromium', run: testWith('chromium', '--version', '--no-sandbox'), open: openChromium },
  { name: 'firefox', run: testWith('firefox-esr'), open: openFirefox },
]

describe.each(each)('a window of real $name', ({ name, run, open }) => {
  run(
    'shows its user the dialogs of pages and none of the proxy, through which pages of this machine pass too',
    async (context) => {
      needs(context, 'sh', '-c', 'command -v Xvfb certutil')
      await using site = await httpOrigin((_, response) => {
        response.setHeader('Content-Type', 'text/html')
        response.setHeader('Set-Cookie', 'way=proxy')
        response.end(
          Buffer.from(
            '<script>fetch("/asks").then(() => { confirm("really?"); fetch("/answered") })</script>',
          ),
        )
      })
      const env = { PATH: process.env.PATH, HALLPASS_NO_KEYRING: '1' }
      const hallpass = await openHallpass({ home: temporaryFolder('window'), env })
      const asked = questionsOf(hallpass)
      const window = await open(hallpass, {
        keep: new KeptSites(['localhost']),
        executable: findExecutable(name, process.env),
        env: { ...process.env, DISPLAY: await screen() },
        log: silentLog,
      })
      try {
        await window.visit(`http://localhost:${site.port}/`)
        for (let attempt = 0; attempt < 300 && !site.received.includes('GET /asks '); attempt++)
          await sleep(100)
        await sleep(2_000)
      } finally {
        await window.close()
      }
      expect(site.received).toContain('GET /asks ')
      expect(site.received).not.toContain('GET /answered ')
      expect((await (await hallpass.session()).cookies.list()).map((cookie) => cookie.name)).toEqual(['way'])
      // A request of Firefox's own before it has the password would make it ask its user for it.
      if (name === 'firefox') expect(asked).toEqual(['GET http://hallpass.internal/ HTTP/1.1'])
    },
  )

  run('takes as much web storage as it has room for, and is quiet when it has ended', async (context) => {
    needs(context, 'sh', '-c', 'command -v Xvfb certutil')
    const env = { PATH: process.env.PATH, HALLPASS_NO_KEYRING: '1' }
    const hallpass = await openHallpass({ home: temporaryFolder('window'), env })
    const window = await open(hallpass, {
      keep: new KeptSites(['localhost']),
      executable: findExecutable(name, process.env),
      env: { ...process.env, DISPLAY: await screen() },
      log: silentLog,
    })
    const storage = { origin: 'http://localhost:8099', sessionStorage: [], indexedDB: [], capturedAt: 0 }
    const large = ['large', 'x'.repeat(6 * 1024 * 1024)] as const
    const small = ['small', 'y'] as const
    try {
      const { cookies, origins } = await window.fill([], [{ ...storage, localStorage: [large, small] }])
      expect(cookies).toEqual([])
      expect(origins.map(({ localStorage }) => localStorage.map(([key]) => key))).toEqual([['large']])
      const [page] = await window.storages(() => true)
      expect(page?.storage.localStorage).toEqual([small])
    } finally {
      await window.close()
    }
    await window.visit('http://localhost:8099/')
  })

  run('does not offer to save a password', async (context) => {
    needs(context, 'sh', '-c', 'command -v Xvfb certutil')
    const env = { PATH: process.env.PATH, HALLPASS_NO_KEYRING: '1' }
    const hallpass = await openHallpass({ home: temporaryFolder('window'), env })
    const profile = join(hallpass.home.browser, hallpass.sessionName, name)
    const window = await open(hallpass, {
      keep: new KeptSites(['localhost']),
      executable: findExecutable(name, process.env),
      env: { ...process.env, DISPLAY: await screen() },
      log: silentLog,
    })
    await window.close()
    // As the browser wrote them at its end: it has taken them for its own.
    if (name === 'firefox') {
      const preferences = readFileSync(join(profile, 'prefs.js'), 'utf8')
      expect(preferences).toContain('user_pref("signon.rememberSignons", false);')
      return
    }
    const preferences = JSON.parse(readFileSync(join(profile, 'Default', 'Preferences'), 'utf8'))
    expect(preferences).toMatchObject({
      credentials_enable_service: false,
      profile: { name: expect.any(String) },
    })
  })

  run('can be filled when a service worker answers for the site', async (context) => {
    needs(context, 'sh', '-c', 'command -v Xvfb certutil')
    const pages: Readonly<Record<string, readonly [type: string, text: string]>> = {
      '/': [
        'text/html',
        `<script>
          navigator.serviceWorker.register('/worker.js')
          navigator.serviceWorker.ready.then(() => fetch('/registered'))
        </script>`,
      ],
      '/worker.js': [
        'text/javascript',
        `addEventListener('fetch', (event) => event.respondWith(new Response(
          '<script>localStorage.clear(); location.href = "/signed-out?" + Math.random()</script>',
          { headers: { 'content-type': 'text/html' } },
        )))`,
      ],
    }
    await using site = await httpOrigin((request, response) => {
      const [type, text] = pages[request.url ?? ''] ?? ['text/plain', '']
      response.setHeader('Content-Type', type)
      response.end(Buffer.from(text))
    })
    const env = { PATH: process.env.PATH, HALLPASS_NO_KEYRING: '1' }
    const hallpass = await openHallpass({ home: temporaryFolder('window'), env })
    const display = await screen()
    const windowOf = () =>
      open(hallpass, {
        keep: new KeptSites(['localhost']),
        executable: findExecutable(name, process.env),
        env: { ...process.env, DISPLAY: display },
        log: silentLog,
      })
    const origin = `http://localhost:${site.port}`
    const first = await windowOf()
    await first.visit(`${origin}/`)
    for (let attempt = 0; attempt < 300 && !site.received.includes('GET /registered '); attempt++)
      await sleep(100)
    await first.close()
    const window = await windowOf()
    try {
      const storage = { origin, localStorage: [['auth', 'x']] as const, sessionStorage: [], indexedDB: [] }
      await window.fill([], [{ ...storage, capturedAt: 0 }])
      expect((await window.storages(() => true)).map((read) => read.storage)).toEqual([storage])
    } finally {
      await window.close()
    }
  })

  run('saves a download where its user keeps them', async (context) => {
    needs(context, 'sh', '-c', 'command -v Xvfb certutil')
    await using site = await httpOrigin((request, response) => {
      if (request.url === '/invoice') {
        response.setHeader('Content-Disposition', 'attachment; filename="invoice.txt"')
        response.end('42')
        return
      }
      response.setHeader('Content-Type', 'text/html')
      response.end(Buffer.from('<a href="/invoice" download>x</a><script>document.links[0].click()</script>'))
    })
    const home = temporaryFolder('window')
    const env = { PATH: process.env.PATH, HALLPASS_NO_KEYRING: '1' }
    const window = await open(await openHallpass({ home: join(home, 'state'), env }), {
      keep: new KeptSites(['localhost']),
      executable: findExecutable(name, process.env),
      env: { ...process.env, HOME: home, DISPLAY: await screen() },
      log: silentLog,
    })
    const file = join(home, 'Downloads', 'invoice.txt')
    try {
      await window.visit(`http://localhost:${site.port}/`)
      // Firefox creates an empty file first.
      const isThere = () => existsSync(file) && readFileSync(file, 'utf8') !== ''
      for (let attempt = 0; attempt < 300 && !isThere(); attempt++) await sleep(100)
    } finally {
      await window.close()
    }
    expect(readFileSync(file, 'utf8')).toBe('42')
  })
})

/** The requests that a proxy answers with 407, seen by a relay in front of each proxy that starts from now on. */
function questionsOf(hallpass: Hallpass): readonly string[] {
  const asked: string[] = []
  const startProxy = hallpass.startProxy.bind(hallpass)
  hallpass.startProxy = async (options) => {
    const proxy = await startProxy(options)
    const behind = proxy.port
    const relay = createServer((client) => {
      const server = connect(behind, '127.0.0.1')
      let request = ''
      client.on('data', (chunk) => {
        request = chunk.toString('latin1').split('\r\n', 1)[0] ?? ''
      })
      server.on('data', (chunk) => {
        if (chunk.toString('latin1').startsWith('HTTP/1.1 407 ')) asked.push(request)
      })
      client.pipe(server).pipe(client)
      client.on('error', () => server.destroy())
      server.on('error', () => client.destroy())
    })
    relay.listen(0, '127.0.0.1')
    await once(relay, 'listening')
    onTestFinished(() => void relay.close())
    return Object.assign(proxy, { port: (relay.address() as AddressInfo).port })
  }
  return asked
}
