import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, type TestContext } from 'vitest'
import { CommandLine } from '../support/command-line.ts'
import { needs, testWith } from '../support/installed.ts'
import { type TestOrigin, testRootPem } from '../support/origin.ts'
import { trustInChromium } from './browsers.ts'
import { screen } from './screen.ts'
import { signInSite } from './sign-in-site.ts'

/** A state folder whose configuration leads both domains to the site. */
async function signedUp(
  context: TestContext,
  site: TestOrigin,
): Promise<{ cli: CommandLine; env: NodeJS.ProcessEnv }> {
  needs(context, 'sh', '-c', 'command -v Xvfb certutil')
  const cli = new CommandLine()
  const root = join(cli.folder, 'root.pem')
  writeFileSync(root, testRootPem())
  // What a public authority is to everybody: the other domain shows its own certificate.
  trustInChromium(cli.folder, root)
  const at = `127.0.0.1:${site.port}`
  return {
    cli,
    env: {
      DISPLAY: await screen(),
      HALLPASS_UPSTREAM_CA: root,
      HALLPASS_RESOLVE: `app.site.test=${at},sso.other.test=${at}`,
    },
  }
}

const chromium = testWith('chromium', '--version', '--no-sandbox')

describe('login, in a window of real Chromium', () => {
  chromium(
    'keeps what the site sets, over the wire and by script, and nothing of the other',
    { timeout: 120_000 },
    async (context) => {
      await using site = await signInSite()
      const { cli, env } = await signedUp(context, site)
      const args = [
        'login',
        'https://app.site.test/login',
        '--browser',
        'chromium',
        '--until',
        'url=https://app.site.test/home*',
      ]
      const { stderr, status } = await cli.run(args, { env })
      expect(status, stderr).toBe(0)
      expect(stderr).toMatch(/captured 3 cookies \(the earliest expires in 59 min\), 2 keys of web storage/)
      const me = await cli.run(['run', '--quiet', '--', 'curl', '-sS', 'https://app.site.test/me'], { env })
      expect(me.stdout).toContain('sid=HTTPONLYSECRET')
      expect(me.stdout).toContain('brief=SESSIONCOOKIE')
      expect(me.stdout).toContain('theme=BYSCRIPT')
      const listed = JSON.parse((await cli.run(['cookie', 'list', '--json'])).stdout)
      expect(listed.cookies.map(({ name }: { name: string }) => name).sort()).toEqual([
        'brief',
        'sid',
        'theme',
      ])
      expect(readdirSync(join(cli.home, 'sessions', 'default', 'sites'))).toEqual(['site.test'])
    },
  )
})
