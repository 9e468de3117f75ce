import { existsSync, readFileSync } from 'node:fs'
import { bad, type Check, good, note } from './check.ts'

const dayMs = 86_400_000
/** Leaves time to replace the old authority in trust stores. */
const warnBeforeMs = 30 * dayMs

export const authority: Check = {
  name: 'ca',
  async examine(patient) {
    const { home } = patient
    const opened = await patient.authority()
    const until = opened.certificate.validToDate
    const day = until.toISOString().slice(0, 10)
    const left = until.getTime() - patient.now
    const validity =
      left < warnBeforeMs
        ? note(`${home.caPem} expires on ${day}`, 'hallpass ca rotate')
        : good(`${home.caPem}, until ${day}`)
    if (!existsSync(home.caBundle))
      return [validity, good(`${home.caBundle} does not exist until the first start or run`)]
    const bundle = readFileSync(home.caBundle, 'utf8')
    if (!bundle.includes(opened.certificatePem)) {
      return [validity, bad(`${home.caBundle} does not contain the present authority`, 'hallpass ca bundle')]
    }
    const roots = bundle.split('-----BEGIN CERTIFICATE-----').length - 1
    return [validity, good(`${home.caBundle}: ${roots} certificates, with ours`)]
  },
}
