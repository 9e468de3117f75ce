import type { Check } from './check.ts'
import { trip } from './trip.ts'

export const wgetTrip: Check = {
  name: 'trip by wget',
  examine: (patient) =>
    trip(patient, {
      program: 'wget',
      args: (url) => ['-q', '-O', '-', '--tries=1', url],
      remedy: () => 'grep ca_certificate ~/.wgetrc',
    }),
}
