import type { Check } from './check.ts'
import { trip } from './trip.ts'

const script = 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=15).read()'

export const pythonTrip: Check = {
  name: 'trip by python3',
  examine: (patient) =>
    trip(patient, {
      program: 'python3',
      args: (url) => ['-c', script, url],
      remedy: (said) => (/CERTIFICATE/.test(said) ? 'hallpass ca bundle' : 'python3 --version'),
    }),
}
