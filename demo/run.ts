import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { openPublicAuthority } from './public-authority.ts'
import { startSite } from './site.ts'

// The story of README in ten seconds: the built hallpass, the real curl, real TLS; only the site is ours, and it is gone afterwards.

const bin = join(import.meta.dirname, '..', 'bin', 'hallpass.cjs')
const password = randomBytes(6).toString('base64url')
const apiToken = `tok-${randomBytes(12).toString('base64url')}`

const authority = await openPublicAuthority()
const site = await startSite(authority.tls, { user: 'ada', password, apiToken })
const stranger = createServer(authority.tls, (_request, response) => response.end())
await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
const app = `https://app.example.test:${site.port}`
const other = `https://other.test:${(stranger.address() as AddressInfo).port}`

const home = mkdtempSync(join(tmpdir(), 'hallpass-demo-'))
const state = join(home, '.hallpass')
mkdirSync(join(state, 'config'), { recursive: true, mode: 0o700 })
writeFileSync(join(home, 'site-ca.pem'), authority.pem)
writeFileSync(
  join(state, 'config', 'config.yaml'),
  `upstreamCa: [${join(home, 'site-ca.pem')}]\nresolve: { app.example.test: 127.0.0.1, other.test: 127.0.0.1 }\n`,
  { mode: 0o600 },
)

let failures = 0
try {
  say('A site with a login form, an HttpOnly session cookie and an API; hallpass with an empty home.')
  await step({
    says: 'Without hallpass, nobody is signed in.',
    types: `curl -sk --resolve app.example.test:${site.port}:127.0.0.1 ${app}/me`,
    expects: /sign in first/,
  })
  await step({
    says: 'Sign in once, through hallpass. curl is told that sid was captured, and is not shown it.',
    types: `hallpass run --capture -- curl -si -d 'user=ada&password=${password}' ${app}/login`,
    expects: /hallpass-captured: sid, csrftoken/i,
    refuses: /set-cookie: sid=/i,
  })
  await step({
    says: 'From now on every process is Ada.',
    types: `hallpass run -- curl -s ${app}/me`,
    expects: /"name":"Ada"/,
  })
  await step({
    says: 'An API token goes in by stdin, and is attached where it belongs.',
    types: `printf %s "$TOKEN" | hallpass token set api --kind bearer --host app.example.test`,
    expects: /^/,
  })
  await step({
    says: 'The API now answers to the token, which curl never had.',
    types: `hallpass run -- curl -s ${app}/api/me`,
    expects: /"by":"bearer"/,
  })
  await step({
    says: 'Why? hallpass explains every decision, and hides values.',
    types: `hallpass explain ${app}/me`,
    expects: /sid/,
  })
  const fingerprint = `curl -sk -o /dev/null -w '%{certs}' ${other}/ | sha256sum`
  await step({
    says: 'A host nobody asked about keeps its own certificate: first as seen directly, then through hallpass.',
    types: `${fingerprint.replace('-sk', `-sk --resolve ${new URL(other).host}:127.0.0.1`)}; hallpass run -- ${fingerprint}`,
    expects: /^(\w{64}) .*\n\1 /,
  })
  const found = [...site.sessionIds, apiToken].map((secret) => `-e ${secret}`).join(' ')
  await step({
    says: 'And the secrets are nowhere in the state folder or the log: grep finds no file.',
    types:
      'grep -rlF $SECRETS ~/.hallpass; echo "files with a secret: $(grep -rlF $SECRETS ~/.hallpass | wc -l)"',
    expects: /files with a secret: 0/,
    env: { SECRETS: found },
  })
} finally {
  rmSync(home, { recursive: true, force: true })
  await site.close()
  stranger.close()
  authority.close()
}
if (failures > 0) {
  console.error(`hallpass: error: ${failures} step(s) of the demo did not end as they should`)
  process.exitCode = 1
} else {
  say('That is hallpass. Next: npm start, and in another terminal eval "$(npx hallpass env)".')
}

interface Step {
  readonly says: string
  readonly types: string
  readonly expects: RegExp
  readonly refuses?: RegExp
  readonly env?: NodeJS.ProcessEnv
}

async function step({ says, types, expects, refuses, env }: Step): Promise<void> {
  say(says)
  console.log(styleText('bold', `$ ${types}`))
  const output = await shell(types, env)
  console.log(styleText('dim', output.trimEnd().replace(/^/gm, '  ')))
  if (expects.test(output) && !refuses?.test(output)) return
  failures++
  console.log(styleText('red', `  (that is not what should have happened: ${expects})`))
}

function say(text: string): void {
  console.log(`\n${styleText('cyan', text)}`)
}

/** Runs what is shown, letter by letter; only `hallpass` is a function that calls this checkout. */
function shell(script: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', `hallpass() { "$NODE" "$BIN" "$@"; }; ${script}`], {
      env: { PATH: process.env.PATH, HOME: home, NODE: process.execPath, BIN: bin, TOKEN: apiToken, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.on('error', reject)
    child.on('close', () => resolve(output))
  })
}
