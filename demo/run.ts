import { randomBytes } from 'node:crypto'
import { styleText } from 'node:util'
import { appHost, openStage, otherHost } from './stage.ts'

// The story of the README: the built hallpass, the real curl, real TLS. Only the site is made up.

const password = randomBytes(6).toString('base64url')
const apiToken = `tok-${randomBytes(12).toString('base64url')}`
const app = `https://${appHost}`
const other = `https://${otherHost}`

let failures = 0
const stage = await openStage({ user: 'ada', password, apiToken })
try {
  say('A site with a login form, an HttpOnly session cookie and an API. hallpass starts with an empty home.')
  await step({
    says: 'Without hallpass, curl is not signed in.',
    types: `curl -s ${app}/me`,
    expects: /sign in first/,
    env: stage.direct,
  })
  await step({
    says: 'Sign in once, through hallpass. It keeps the cookie sid, and curl sees only its name.',
    types: `printf 'user=ada&password=%s' "$PASSWORD" | hallpass run --capture ${appHost} -- \\\n    curl -si --suppress-connect-headers -d @- ${app}/login`,
    expects: /hallpass-captured: sid, csrftoken/i,
    refuses: /set-cookie: sid=/i,
    env: { PASSWORD: password },
  })
  await step({
    says: 'From now on every process is Ada.',
    types: `hallpass run -- curl -s ${app}/me`,
    expects: /"name":"Ada"/,
  })
  await step({
    says: 'Store an API token. It comes from stdin, and goes to its own host only.',
    types: `printf %s "$TOKEN" | hallpass token set api --kind bearer --host ${appHost}`,
    expects: /kept api/,
  })
  await step({
    says: 'The API answers to the token. curl never had it.',
    types: `hallpass run -- curl -s ${app}/api/me`,
    expects: /"by":"bearer"/,
  })
  await step({
    says: 'Why? hallpass explains each decision, and hides values.',
    types: `hallpass explain ${app}/me`,
    expects: /sid/,
  })
  const fingerprint = `curl -sk -o /dev/null -w '%{certs}' ${other}/ | sha256sum`
  const own = await step({
    says: 'A host that the session does not know keeps its own certificate. Seen directly:',
    types: fingerprint,
    expects: /^\w{64} /,
    env: stage.direct,
  })
  await step({
    says: 'Seen through hallpass:',
    types: `hallpass run -- ${fingerprint}`,
    expects: new RegExp(`^${own.trim()}$`, 'm'),
  })
  await step({
    says: 'No secret is readable in the state folder or the log.',
    types: 'echo "files with a secret: $(grep -rlF $SECRETS ~/.hallpass | wc -l)"',
    expects: /files with a secret: 0$/m,
    env: { SECRETS: [...stage.sessionIds, apiToken].map((secret) => `-e ${secret}`).join(' ') },
  })
} finally {
  await stage.close()
}
if (failures > 0) {
  console.error(`hallpass: error: ${failures} step(s) of the demo failed`)
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

async function step({ says, types, expects, refuses, env }: Step): Promise<string> {
  say(says)
  console.log(styleText('bold', `$ ${types}`))
  const output = await stage.run(types, env)
  for (const line of output.trimEnd().split('\n')) {
    console.log(`  ${expects.test(line) ? styleText(['bold', 'green'], line) : line}`)
  }
  if (!expects.test(output) || refuses?.test(output)) {
    failures++
    console.log(styleText('red', `  (expected ${expects})`))
  }
  return output
}

function say(text: string): void {
  console.log(`\n${styleText('cyan', text)}`)
}
