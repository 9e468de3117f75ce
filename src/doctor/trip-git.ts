import type { Check } from './check.ts'
import { trip } from './trip.ts'

export const gitTrip: Check = {
  name: 'trip by git',
  examine: (patient) =>
    trip(patient, {
      program: 'git',
      args: (url) => ['ls-remote', `${url}repository.git`],
      remedy: () => 'git config --show-origin --get-regexp "http.*(proxy|sslcainfo)"',
    }),
}
