import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { BrowsingUser } from '../../../test/support/browsing-user.ts'
import { type Answer, callbackUrl, get, server } from '../../../test/support/code-login.ts'
import { testWith } from '../../../test/support/installed.ts'
import { loginRequest } from '../../../test/support/login-request.ts'
import { authorizationCode } from './authorization-code.ts'

describe('the start of a sign-in', () => {
  /** A login whose browser is started at the short URL. */
  async function started(browse: (start: string, page: string) => Promise<void>) {
    return await authorizationCode(await loginRequest(server.issuer), {
      timeoutMs: 20_000,
      visit: (page, start) => void browse(start, page),
    })
  }

  it('is a URL that tells nothing of the login, and leads to its page', async () => {
    let urls: readonly string[] = []
    const tokens = await started(async (start, page) => {
      const end = await new BrowsingUser().visit(start, undefined, callbackUrl)
      urls = [page, ...end.way]
      void get(end.url)
    })
    const [page, start, second] = urls
    expect(start).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}$/)
    expect(second).toBe(page)
    expect(tokens.access_token).toEqual(expect.any(String))
  })

  it('leads there once', async () => {
    let again: Answer | undefined
    await started(async (start) => {
      const end = await new BrowsingUser().visit(start, undefined, callbackUrl)
      again = await get(start)
      void get(end.url)
    })
    expect(again).toMatchObject({ status: 410, body: expect.stringContaining('another program did') })
    expect(again?.headers.location).toBeUndefined()
  })

  it.each([
    ['by POST', 405, {}, 'POST'],
    ['under a foreign Host', 421, { host: 'evil.example' }, 'GET'],
  ])('leads nowhere %s, and is not used up', async (_, status, headers, method) => {
    let odd: Answer | undefined
    const tokens = await started(async (start) => {
      odd = await get(start, headers, method)
      await new BrowsingUser().visit(start)
    })
    expect(odd).toMatchObject({ status })
    expect(tokens.access_token).toEqual(expect.any(String))
  })

  testWith(
    'setpriv',
    '--reuid=65534',
    '--clear-groups',
    'curl',
    '--version',
  )('leads another user of the machine nowhere, and is not used up', async () => {
    let stolen = ''
    const tokens = await started(async (start) => {
      const curl = ['--reuid=65534', '--regid=65534', '--clear-groups', 'curl', '-sSi', start]
      stolen = (await promisify(execFile)('setpriv', curl)).stdout
      await new BrowsingUser().visit(start)
    })
    expect(stolen).toMatch(/^HTTP\/1\.1 403 /)
    expect(stolen).not.toMatch(/location/i)
    expect(tokens.access_token).toEqual(expect.any(String))
  })
})

describe('a redirect URI with a port of its own', () => {
  it('is used, or is an error when another program has it', async () => {
    const request = await loginRequest(server.issuer)
    let port = 0
    await authorizationCode(request, {
      visit: async (url) => {
        port = Number(new URL(new URL(url).searchParams.get('redirect_uri') ?? '').port)
        const second = authorizationCode(request, { visit: () => {}, redirect: { port } })
        await expect(second).rejects.toMatchObject({
          code: 'port-taken',
          message: `127.0.0.1:${port}, where the sign-in is to come back to, is in use: by another login?`,
        })
        void new BrowsingUser().visit(url)
      },
    })
    expect(port).toBeGreaterThan(0)
  })

  it('may be localhost, and then nobody else can listen on its ::1', async () => {
    let end = ''
    await authorizationCode(await loginRequest(server.issuer), {
      visit: async (url) => {
        end = (await new BrowsingUser().visit(url, undefined, callbackUrl)).url
        void get(end.replace('localhost', '[::1]'), { host: new URL(end).host })
      },
      redirect: { host: 'localhost' },
    })
    expect(end).toMatch(/^http:\/\/localhost:/)
  })
})
