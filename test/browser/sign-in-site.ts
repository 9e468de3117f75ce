import { certificateFor, httpOrigin, type TestOrigin } from '../support/origin.ts'

/** For scripts of pages: the result of a request on the store of a database. */
const inDatabase = `
  const inDatabase = (name, requestOf) => new Promise((resolve) => {
    const opening = indexedDB.open(name, 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore('tokens')
    opening.onsuccess = () => {
      const request = requestOf(opening.result.transaction('tokens', 'readwrite').objectStore('tokens'))
      request.onsuccess = () => resolve(request.result)
    }
  })`

/**
 * For scripts of pages: a request when hallpass has read what is stored now. It asks for the databases once in each look, and when it
 * asks again it has the answer to the first look.
 */
const whenRead = (request: string) => `
  let looks = 0
  indexedDB.databases = () => {
    if (++looks === 2) fetch('${request}')
    return IDBFactory.prototype.databases.call(indexedDB)
  }`

/**
 * A site to sign in at, on two domains. The form of app.site.test leads to sso.other.test and back to app.site.test, which sets an
 * HttpOnly cookie. Its page sets a cookie and a localStorage token by script, and keeps another token and a key that cannot be
 * exported in databases. A frame of evil.site.test in it lies about its origin. /never does not answer.
 */
export async function signInSite(): Promise<TestOrigin> {
  const origin = await httpOrigin(
    (request, response) => {
      const { host = '' } = request.headers
      const url = new URL(request.url ?? '/', `https://${host}`)
      const html = (text: string) => {
        response.setHeader('Content-Type', 'text/html')
        response.end(Buffer.from(`<!doctype html><title>${host}</title>${text}`))
      }
      const to = (location: string, ...cookies: readonly string[]) => {
        if (cookies.length > 0) response.setHeader('Set-Cookie', cookies)
        response.writeHead(302, { location }).end()
      }
      const cookies = request.headers.cookie ?? ''
      if (host === 'sso.other.test')
        to('https://app.site.test/back?ticket=1', 'sso=xyz; Secure; HttpOnly; Max-Age=3600')
      else if (url.pathname === '/login')
        html(`<form method="post" action="/enter"><input name="user" value="ada"><input name="password" type="password">
          <button>sign in</button></form>
          <script>setTimeout(() => document.forms[0].submit(), 300)</script>`)
      else if (url.pathname === '/enter') to('https://sso.other.test/authorize')
      else if (url.pathname === '/back')
        to(
          '/home',
          'sid=HTTPONLYSECRET; Secure; HttpOnly; Path=/; Max-Age=3600',
          'brief=SESSIONCOOKIE; Secure; HttpOnly',
          'chips=OWNPARTITION; Secure; Path=/; SameSite=None; Max-Age=3600; Partitioned',
        )
      else if (url.pathname === '/home')
        html(`<h1>welcome</h1><iframe src="https://${host.replace('app', 'evil')}/"></iframe><script>
          document.cookie = 'theme=BYSCRIPT; secure; max-age=3600'
          localStorage.setItem('auth', JSON.stringify({ access: 'LOCALTOKEN' }))
          localStorage.setItem('__proto__', 'a key like any other')
          ${inDatabase}
          Promise.all([
            new Promise((resolve) => setTimeout(resolve, 400)).then(() => sessionStorage.setItem('tab', 'SESSIONTOKEN')),
            inDatabase('accounts', (store) => store.put({ access: 'DATABASETOKEN' }, 'ada')),
            crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
              .then((key) => inDatabase('keys', (store) => store.put(key, 'ada'))),
            new Promise((resolve) => { document.querySelector('iframe').onload = resolve }),
          ]).then(() => {${whenRead('/home-is-read')}
          })
        </script>`)
      else if (host.startsWith('evil.'))
        html(`<script>
          const forged = '{"origin":"https://app.site.test","localStorage":{"auth":"FORGED"},"unread":"values"}'
          JSON.stringify = () => forged
        </script>`)
      else if (url.pathname === '/who')
        html(
          `<p>${/sid=\w+/.exec(cookies)?.[0]}</p><script>document.write(localStorage.getItem('auth'))</script>`,
        )
      else if (url.pathname === '/used') {
        response.setHeader('Set-Cookie', [
          'used=1; Secure; Max-Age=3600',
          'old=; Domain=site.test; Max-Age=0',
        ])
        html(`<script>
          ${inDatabase}
          inDatabase('accounts', (store) => store.get('ada')).then((kept) => {
            const stored = [Object.keys(localStorage), Object.values(localStorage), kept?.access]
            fetch('/saw?' + encodeURIComponent(JSON.stringify(stored)))
            localStorage.setItem('auth', 'CHANGED')
            return inDatabase('accounts', (store) => store.put({ access: 'CHANGED' }, 'ada'))
          }).then(() => {${whenRead('/change-is-read')}
          })
        </script>`)
      } else if (url.pathname === '/changes') {
        html(`<script>
          document.cookie = 'theme=; secure; max-age=0'
          setTimeout(() => fetch('/rotate').then(() => fetch('/rotated')), 3000)
        </script>`)
      } else if (url.pathname === '/rotate') {
        response.setHeader('Set-Cookie', 'sid=ROTATED; Secure; HttpOnly; Max-Age=3600')
        response.end()
      } else if (url.pathname === '/me')
        response.end(
          `cookie: ${cookies}; authorization: ${request.headers.authorization}; x-database: ${request.headers['x-database']}`,
        )
      else if (url.pathname !== '/never') response.writeHead(404).end()
    },
    { certificate: certificateFor('app.site.test', 'evil.site.test', 'sso.other.test') },
  )
  return origin
}
