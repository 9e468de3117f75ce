import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { openChromium } from '../../src/browser/window/chromium-window.ts'
import { findExecutable } from '../../src/browser/window/find-executable.ts'
import { openFirefox } from '../../src/browser/window/firefox-window.ts'
import { KeptSites } from '../../src/browser/window/kept-sites.ts'
import { openHallpass } from '../../src/index.ts'
import { silentLog } from '../../src/log.ts'
import { needs, testWith } from '../support/installed.ts'
import { httpOrigin } from '../support/origin.ts'
import { temporaryFolder } from './browsers.ts'
import { screen } from './screen.ts'

const each = [
  { name: 'chromium', run: testWith('chromium', '--version', '--no-sandbox'), open: openChromium },
  { name: 'firefox', run: testWith('firefox-esr'), open: openFirefox },
]

const script = `
  const told = () => ({
    userAgent: navigator.userAgent,
    language: navigator.language,
    locale: Intl.DateTimeFormat().resolvedOptions().locale,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  })
`
const page = `<script>${script}
  const send = (who, what) => fetch('/' + who, { method: 'POST', body: JSON.stringify(what) })
  const who = location.hash.slice(1)
  send(who, { ...told(), width: innerWidth, height: innerHeight })
  const worker = new Worker('/worker.js')
  worker.onmessage = ({ data }) => send(who + 'worker', data)
</script>`

describe.each(each)('a window of real $name', ({ name, run, open }) => {
  run(
    'has the user agent, viewport, locale and time zone of its session, in workers too',
    async (context) => {
      needs(context, 'sh', '-c', 'command -v Xvfb certutil')
      const told = new Map<string, unknown>()
      const headers = new Map<string, string | undefined>()
      await using site = await httpOrigin((request, response) => {
        const chunks: Buffer[] = []
        request.on('data', (chunk: Buffer) => chunks.push(chunk))
        request.on('end', () => {
          const body = Buffer.concat(chunks).toString()
          if (request.method === 'POST') told.set(request.url?.slice(1) ?? '', JSON.parse(body))
          else if (request.url === '/') {
            headers.set('user-agent', request.headers['user-agent'])
            headers.set('accept-language', request.headers['accept-language'])
          }
          const isWorker = request.url === '/worker.js'
          response.setHeader('Content-Type', isWorker ? 'text/javascript' : 'text/html')
          response.end(Buffer.from(isWorker ? `${script} postMessage(told())` : page))
        })
      })
      const traits = {
        userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Example/1.0',
        viewport: { width: 777, height: 555 },
        locale: 'de-CH',
        timeZone: 'Europe/Zurich',
      }
      const home = temporaryFolder('window')
      const env = { PATH: process.env.PATH, HALLPASS_NO_KEYRING: '1' }
      const { sessions } = await openHallpass({ home, env })
      await sessions.create({ name: 'work', ...traits })
      const hallpass = await openHallpass({ home, env, session: 'work' })
      const window = await open(hallpass, {
        keep: new KeptSites(['localhost']),
        executable: findExecutable(name, process.env),
        env: { ...process.env, DISPLAY: await screen() },
        log: silentLog,
      })
      try {
        await window.visit(`http://localhost:${site.port}/#page`)
        for (let attempt = 0; attempt < 300 && told.size < 2; attempt++) await sleep(100)
      } finally {
        await window.close()
      }
      const { userAgent, viewport, locale, timeZone } = traits
      const seen = { userAgent, language: locale, locale, timeZone }
      expect({ told: Object.fromEntries(told), headers: Object.fromEntries(headers) }).toEqual({
        told: { page: { ...seen, ...viewport }, pageworker: seen },
        headers: { 'user-agent': userAgent, 'accept-language': locale },
      })
    },
  )
})
