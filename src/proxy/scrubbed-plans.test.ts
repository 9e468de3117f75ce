import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import {
  type CredentialSpec,
  credential,
  jarOf,
  now,
  requestTo,
  ruleSet,
} from '../../test/support/material.ts'
import { logFileName, openLog, silentLog } from '../log.ts'
import { plan } from '../plan/plan.ts'
import { Secret } from '../secret.ts'
import { ScrubbedPlans } from './scrubbed-plans.ts'

const hosts = ['a.test']

function scrubbed(credentials: readonly CredentialSpec[]): string[] {
  const told: string[] = []
  const plans = new ScrubbedPlans({ ...silentLog, scrub: (secret) => void told.push(secret.reveal()) })
  const jar = jarOf(['https://a.test/', 'sid=c0okie'])
  const made = plan(
    requestTo('https://a.test/'),
    { jar, credentials: credentials.map((spec) => credential({ hosts, ...spec })) },
    ruleSet(),
    {},
    now,
  )
  plans.add(made)
  plans.add(made)
  return told
}

it.each<[CredentialSpec, string[]]>([
  [{ name: 'a', value: 't0ken' }, ['Bearer t0ken', 't0ken']],
  [{ name: 'a', kind: 'placeholder', placeholder: 'dummy-key', value: 'r3al' }, ['r3al']],
  [
    {
      name: 'a',
      kind: 'oauth1',
      value: '{"consumerKey":"k","consumerSecret":"cs","token":"t","tokenSecret":"ts"}',
    },
    ['cs', 't', 'ts'],
  ],
  [
    { name: 'a', kind: 'sigv4', value: '{"accessKeyId":"k","secretAccessKey":"sk","sessionToken":"st"}' },
    ['sk', 'st'],
  ],
])('registers each secret with the log once: %j', (spec, secrets) =>
  expect(scrubbed([spec])).toEqual(['c0okie', ...secrets]),
)

it('keeps the secrets of a plan in use, however many others come', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const log = openLog({ folder })
  const plans = new ScrubbedPlans(log)
  const credentials = [credential({ hosts, name: 'a', value: 't0ken-in-use' })]
  const made = plan(requestTo('https://a.test/'), { jar: jarOf(), credentials }, ruleSet(), {}, now)
  for (let number = 0; number < 2000; number++) {
    plans.add(made)
    log.scrub(new Secret(String(number).padStart(4000, 'c')))
  }
  plans.add(made)
  log.warn('t0ken-in-use')
  await log.close()
  expect(readFileSync(join(folder, logFileName), 'utf8')).not.toContain('t0ken-in-use')
})
