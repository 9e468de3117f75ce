import { httpOrigin, type TestOrigin } from '../support/origin.ts'

/** What the site sets, one cookie a line, on every page; the page says so when the browser has it. */
const lines = [
  'sid=abc; Path=/; HttpOnly; Max-Age=86400',
  'theme=dark; Path=/app; Max-Age=86400; SameSite=Strict',
  'wide=1; Domain=example.test; Max-Age=86400; SameSite=Lax',
  'umlaut=gr\u00fcn; Max-Age=86400',
  'brief=gone',
]

/** Sets cookies of every kind on whoever comes, at /; `/done` says that the browser has gone on from there. */
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
    // A body of text would have Node write the head in UTF-8 too.
    response.end(Buffer.from('<title>a site</title><script>fetch("/done")</script>'))
  })
  return Object.assign(origin, { visited })
}
