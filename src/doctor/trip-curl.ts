import type { Check } from './check.ts'
import { trip } from './trip.ts'

export const curlTrip: Check = {
  name: 'trip by curl',
  examine: (patient) =>
    trip(patient, {
      program: 'curl',
      // -q: the user's .curlrc may name another proxy.
      args: (url) => ['-q', '-sS', '--fail', url],
      remedy: (said) => (/certificate/i.test(said) ? 'hallpass ca bundle' : 'curl --version'),
    }),
}
