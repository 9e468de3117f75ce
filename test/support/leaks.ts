import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** A secret that stands where it must not, named but not repeated. */
export interface Leak {
  readonly secret: string
  readonly spelling: string
  readonly where: string
}

/**
 * Searches what a program leaves behind for secrets, in the spellings that they travel in: as they are, escaped for URLs
 * and JSON, in hex, and in Base64 at each of the three places in which it can begin.
 */
export class LeakSearch {
  readonly #needles: readonly { readonly secret: string; readonly spelling: string; readonly text: string }[]
  readonly leaks: Leak[] = []
  /** How many texts were looked through: that it is not zero is the test's to see. */
  searched = 0

  /** @param secrets what each is called, and the secret */
  constructor(secrets: Readonly<Record<string, string>>) {
    this.#needles = Object.entries(secrets).flatMap(([secret, value]) => {
      // A shorter one is found anywhere by chance.
      if (value.length < 12) throw new Error(`${secret} is too short to be searched for`)
      return Object.entries(spellingsOf(value)).map(([spelling, text]) => ({ secret, spelling, text }))
    })
  }

  text(where: string, text: string): this {
    this.searched++
    for (const { secret, spelling, text: needle } of this.#needles)
      if (text.includes(needle)) this.leaks.push({ secret, spelling, where })
    return this
  }

  /** Every file below a folder, names included; what is compressed is looked into. */
  folder(folder: string): this {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, name)
      this.text(`the name of ${path}`, name)
      const stat = statSync(path, { throwIfNoEntry: false })
      if (!stat?.isFile()) continue
      const bytes = readFileSync(path)
      this.text(path, bytes.toString('latin1'))
      if (name.endsWith('.gz')) this.text(path, gunzipSync(bytes).toString('latin1'))
    }
    return this
  }

  /** Command lines and environments of all processes of this machine that may be read, but for those of the search itself. */
  processes(): this {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      for (const file of ['cmdline', 'environ']) {
        const path = `/proc/${pid}/${file}`
        try {
          this.text(path, readFileSync(path, 'latin1'))
        } catch {
          // It has ended, or is another user's.
        }
      }
    }
    return this
  }
}

function spellingsOf(secret: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(secret)
  // The part of the Base64 that does not depend on the bytes before and after the secret.
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    return text.slice([0, 2, 3][before], -4)
  })
  const spellings = {
    'as it is': secret,
    'in a URL': encodeURIComponent(secret),
    'in a form': new URLSearchParams({ x: secret }).toString().slice(2),
    'in JSON': JSON.stringify(secret).slice(1, -1),
    'in hex': bytes.toString('hex'),
    'in UTF-16': bytes.toString('latin1').split('').join('\0'),
    ...Object.fromEntries(base64.map((text, at) => [`in Base64 from byte ${at}`, text])),
    ...Object.fromEntries(
      base64.map((text, at) => [
        `in base64url from byte ${at}`,
        text.replaceAll('+', '-').replaceAll('/', '_'),
      ]),
    ),
  }
  // Most of them are the same for most secrets.
  return Object.fromEntries(
    Object.entries(spellings).filter(
      ([, text], at, all) => all.findIndex(([, other]) => other === text) === at,
    ),
  )
}
