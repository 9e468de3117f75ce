import { existsSync, readFileSync } from 'node:fs'
import { bad, type Check, good, note } from './check.ts'

const dayMs = 86_400_000
/** Time enough to tell the trust stores where the old one was put. */
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
        ? note(`${home.caPem} ends on ${day}`, 'hallpass ca rotate')
        : good(`${home.caPem}, until ${day}`)
    if (!existsSync(home.caBundle))
      return [validity, good(`${home.caBundle} is made by the first start or run`)]
    const bundle = readFileSync(home.caBundle, 'utf8')
    if (!bundle.includes(opened.certificatePem)) {
      return [validity, bad(`${home.caBundle} does not hold the present authority`, 'hallpass ca bundle')]
    }
    const roots = bundle.split('-----BEGIN CERTIFICATE-----').length - 1
    return [validity, good(`${home.caBundle}: ${roots} certificates, ours among them`)]
  },
}
