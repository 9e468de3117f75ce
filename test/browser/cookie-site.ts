import { httpOrigin, type TestOrigin } from '../support/origin.ts'

/** The Set-Cookie lines of every page. */
const lines = [
  'sid=abc; Path=/; HttpOnly; Max-Age=86400',
  'theme=dark; Path=/app; Max-Age=86400; SameSite=Strict',
  'wide=1; Domain=example.test; Max-Age=86400; SameSite=Lax',
  'umlaut=gr\u00fcn; Max-Age=86400',
  'brief=gone',
]

/** A site whose page `/` sets cookies of every kind. `visited` resolves when the browser has them and asks for `/done`. */
export async function cookieSite(): Promise<TestOrigin & { readonly visited: Promise<void> }> {
  const { promise: visited, resolve } = Promise.withResolvers<void>()
  const origin = await httpOrigin((request, response) => {
    if (request.url === '/done') {
      resolve()
      response.end('done')
      return
    }
    response.setHeader(
      'Set-Cookie',
      lines.map((line) => Buffer.from(line, 'utf8').toString('latin1')),
    )
    response.setHeader('Content-Type', 'text/html')
    // With a text body Node would write the head in UTF-8 too.
    response.end(Buffer.from('<title>a site</title><script>fetch("/done")</script>'))
  })
  return Object.assign(origin, { visited })
}
