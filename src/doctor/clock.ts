import { existsSync, statSync } from 'node:fs'
import { shownCertificate } from '../certs/authority-files.ts'
import { bad, type Check, good } from './check.ts'

/** Clocks of file systems and virtual machines differ by seconds, which does no harm to cookies and certificates. */
const toleranceMs = 5 * 60_000
const remedy = 'sudo timedatectl set-ntp true'

/** With a clock that is behind, expired cookies live again and new certificates are not valid yet. */
export const clock: Check = {
  name: 'clock',
  async examine(patient) {
    const { home } = patient
    const madeAt = shownCertificate(home)?.validFromDate.getTime() ?? 0
    const written = [home.keyFile, home.caKey, home.caPem, home.caBundle]
      .filter((path) => existsSync(path))
      .map((path) => statSync(path).mtimeMs)
    const latest = Math.max(madeAt, ...written)
    const now = new Date(patient.now).toISOString()
    if (latest > patient.now + toleranceMs) {
      return [
        bad(
          `the clock says ${now}, and a file here was written at ${new Date(latest).toISOString()}`,
          remedy,
        ),
      ]
    }
    return [good(`${now}, after everything written here`)]
  },
}
