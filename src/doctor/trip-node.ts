import type { Check } from './check.ts'
import { trip } from './trip.ts'

const tooOld = 'which has no NODE_USE_ENV_PROXY'

// Node has the variable since 22.21 and 24.0.
const script = `
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 24 && (major !== 22 || minor < 21))
  fail(process.execPath + ' is Node ' + process.versions.node + ', ${tooOld}')
const response = await fetch(process.argv[1]).catch((error) => fail(String(error.cause ?? error)))
if (!response.ok) fail('status ' + response.status)
function fail(why) {
  console.error(why)
  process.exit(1)
}
`

export const nodeTrip: Check = {
  name: 'trip by node',
  examine: (patient) =>
    trip(patient, {
      program: 'node',
      args: (url) => ['--input-type=module', '-e', `${script.trim()}`, url],
      remedy: () => 'use Node 22.21 or newer for programs that must go through the proxy',
      lacking: (said) => said.includes(tooOld),
    }),
}
