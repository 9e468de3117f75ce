import type { Check } from './check.ts'
import { trip } from './trip.ts'

const script = `
const [major] = process.versions.node.split('.').map(Number)
if (major < 22) fail(process.execPath + ' is Node ' + process.versions.node + ', which has no NODE_USE_ENV_PROXY')
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
      remedy: () => 'use Node 24 or newer for tools that must go through the proxy',
    }),
}
