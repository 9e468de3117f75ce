import { bad, type Check, good } from './check.ts'

/** The same versions as `engines` of package.json. */
export const nodeVersion: Check = {
  name: 'node',
  async examine() {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    const enough = (major === 24 && minor >= 15) || major >= 26
    const fact = `Node ${process.versions.node} (${process.execPath})`
    return [enough ? good(fact) : bad(`${fact}, and hallpass needs 24.15 or newer`, 'npm ci')]
  },
}
