import { setImmediate } from 'node:timers/promises'
import { openHallpass } from '../../src/index.ts'

/** Reads a cookie and a token over and over until its stdin ends; fails at the first that is not what it was. Prints how often. */
const [url = '', cookie, token] = process.argv.slice(2)
const session = await (await openHallpass()).session()
let ended = false
process.stdin.on('end', () => {
  ended = true
})
process.stdin.resume()
process.stdout.write('reading\n')
let rounds = 0
while (!ended) {
  const read = [
    (await session.cookies.find(url, 'sid'))?.value,
    (await session.credentials.get('api')).value?.reveal(),
  ]
  if (read[0] !== cookie || read[1] !== token) throw new Error(`round ${rounds} read something else`)
  rounds++
  await setImmediate()
}
process.stdout.write(`${rounds}\n`)
