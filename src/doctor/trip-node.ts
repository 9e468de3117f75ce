import type { Check } from './check.ts'
import { trip } from './trip.ts'

const script = `
const [major] = process.versions.node.split('.').map(Number)
if (major < 22) throw new Error('Node ' + process.versions.node + ' has no NODE_USE_ENV_PROXY')
const response = await fetch(process.argv[1])
if (!response.ok) throw new Error('status ' + response.status)
`

export const nodeTrip: Check = {
  name: 'trip by node',
  examine: (patient) =>
    trip(patient, {
      program: 'node',
      args: (url) => ['--input-type=module', '-e', `${script.trim()}`, url],
      remedy: () => 'use Node 24 or newer for tools that are to go through the proxy',
    }),
}
